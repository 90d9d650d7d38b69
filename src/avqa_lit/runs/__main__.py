"""Command line of the list of runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from avqa_lit.console import PlainConsole, print_plain
from avqa_lit.errors import UserError
from avqa_lit.runs.columns import filtered, ordered
from avqa_lit.runs.listing import list_runs
from avqa_lit.runs.output import as_csv, as_json, print_tables

DESCRIPTION = """\
List runs and jobs of sweeps: state, the config keys in which they differ, overall accuracy on val and
test, seconds, and when. Runs that are still going, failed or were killed are listed with how far they
are or why they ended.

A KEY is a column (state, experiment, val, test, seconds, when), a config key (model.norm, or norm where
that is clear), or a metric (test/acc/audio/counting).
"""
WIDE = 1000  # where nobody looks at a terminal, no cell is cut


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the list; 1 after a user's mistake."""
    given = _parser().parse_args(arguments)
    try:
        found = list_runs(given.folder)
        runs = found.runs
        for wanted in given.filter:
            runs = filtered(runs, wanted)
        if given.sort is not None:
            runs = ordered(runs, given.sort, reverse=given.reverse)
    except UserError as error:
        print_plain(f"error: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(as_json(runs, root=given.folder))
    elif given.csv:
        print(as_csv(runs, root=given.folder), end="")
    else:
        console = PlainConsole()
        wide = console if console.is_terminal else PlainConsole(width=WIDE)
        print_tables(runs, root=given.folder, console=wide)
    for note in found.notes:
        print_plain(f"note: {note}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m avqa_lit.runs",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder", metavar="DIR", type=Path, nargs="?", default=Path("runs"), help="default: runs here"
    )
    parser.add_argument(
        "--filter", metavar="KEY=VALUE", action="append", default=[], help="only these; may be repeated"
    )
    parser.add_argument("--sort", metavar="KEY", help="smallest or earliest first")
    parser.add_argument("--reverse", action="store_true", help="largest or latest first")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for a program, with all metrics")
    form.add_argument("--csv", action="store_true", help="for a spreadsheet")
    return parser


if __name__ == "__main__":
    sys.exit(main())
