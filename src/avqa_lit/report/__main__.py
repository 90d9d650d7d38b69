"""Command line of the report."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from avqa_lit.console import print_plain
from avqa_lit.errors import UserError
from avqa_lit.report.build import write_report

DESCRIPTION = """\
Write one self-contained page about any set of runs and sweeps, and beside it the same tables as
Markdown (.md, in percent) and CSV (.csv, fractions under the names of the metrics).

Runs that were tested on different questions cannot be compared: they are reported apart, in one
page, each test set with its own verdict, table and figures. Failed, interrupted and unreadable
runs are listed and never averaged.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; 1 after a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m avqa_lit.report",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders",
        metavar="DIR",
        type=Path,
        nargs="+",
        help="folder of a run or of a sweep, or any folder above such",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("report.html"),
        help="default: report.html here",
    )
    parser.add_argument(
        "--figures", metavar="DIR", type=Path, help="write every figure as SVG and PDF into this folder"
    )
    parser.add_argument(
        "--tables",
        metavar="DIR",
        type=Path,
        help="write every table as LaTeX (booktabs), Markdown and CSV into this folder",
    )
    given = parser.parse_args(arguments)
    if given.output.suffix.lower() not in (".html", ".htm"):
        parser.error(
            f"-o {given.output}: expected a name that ends in .html; .md and .csv are written beside it"
        )
    try:
        report = write_report(given.folders, given.output, figures=given.figures, tables=given.tables)
    except UserError as error:
        print_plain(f"error: {error}", file=sys.stderr)
        return 1
    for sentence in report.headlines:
        print_plain(sentence)
    print_plain(f"report: {report.html}\ntables: {report.markdown}, {report.csv}")
    if report.figures:
        print(f"figures: {given.figures} ({len(report.figures)} files)")
    if report.tables:
        print(f"tables one by one: {given.tables} ({len(report.tables)} files)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
