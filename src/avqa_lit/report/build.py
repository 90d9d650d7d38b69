"""From folders of runs to the report's three files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.report.caveats import caveats
from avqa_lit.report.collect import Collection, collect
from avqa_lit.report.configurations import TestSet, test_sets
from avqa_lit.report.page import APART, NOTES, RECOMPUTED, page, title
from avqa_lit.report.provenance import data_name
from avqa_lit.report.table import Table, build_table
from avqa_lit.report.table_text import csv_table, markdown_table
from avqa_lit.report.verdict import findings, headline
from avqa_lit.report.wording import count


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        headlines: one sentence for each test set.
    """

    html: Path
    markdown: Path
    csv: Path
    headlines: tuple[str, ...]


def write_report(folders: Sequence[Path], output: Path) -> Report:
    """Write `output` and beside it the same tables as Markdown and CSV.

    Raises:
        DataError: a folder without runs, or with a sweep.json that cannot be read.
        MissingExtraError: matplotlib is not installed.
    """
    found = collect(folders)
    sets = [(one, build_table(one)) for one in test_sets(found.results)]
    html = page(found, sets)
    report = Report(
        output, output.with_suffix(".md"), output.with_suffix(".csv"), tuple(headline(one) for one, _ in sets)
    )
    write_text(report.html, html)
    write_text(report.markdown, _markdown(found, sets))
    write_text(report.csv, csv_table([table for _, table in sets]))
    return report


def _markdown(found: Collection, sets: Sequence[tuple[TestSet, Table]]) -> str:
    parts = [f"# {title(found)}"]
    if len(sets) > 1:
        parts.append(APART)
    for test_set, table in sets:
        statements = findings(test_set)
        parts += [
            f"## {data_name(test_set.results[0])}, {count(test_set.questions, 'test question')}",
            "\n".join(f"- **{one.lead}** {one.text}" for one in statements),
            "What cannot be said:",
            "\n".join(f"- {one}" for one in caveats(test_set, statements)),
            "Test accuracy in percent." + (f" {table.remark}" if table.remark else f" {RECOMPUTED}"),
            markdown_table(table).rstrip(),
            "\n".join(f"- {one}" for one in NOTES),
        ]
    if found.unfinished:
        parts.append(
            "Without a result:\n\n"
            + "\n".join(f"- {job.name}: {job.state}, {job.reason}" for job in found.unfinished)
        )
    return "\n\n".join(parts) + "\n"
