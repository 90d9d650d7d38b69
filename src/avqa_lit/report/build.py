"""From folders of runs to the report's files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.report.album import write_figures
from avqa_lit.report.chapter import Chapter, chapters
from avqa_lit.report.collect import Collection, collect
from avqa_lit.report.configurations import test_sets
from avqa_lit.report.left_out import left_out
from avqa_lit.report.markdown import bullets, escaped
from avqa_lit.report.page import apart, page, title
from avqa_lit.report.table_latex import latex_table
from avqa_lit.report.table_notes import table_notes
from avqa_lit.report.table_text import csv_table, markdown_table
from avqa_lit.report.verdict import headline


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        figures: one by one, if they were asked for.
        tables: likewise.
        headlines: one sentence for each test set.
    """

    html: Path
    markdown: Path
    csv: Path
    figures: tuple[Path, ...]
    tables: tuple[Path, ...]
    headlines: tuple[str, ...]


def write_report(
    folders: Sequence[Path], output: Path, *, figures: Path | None = None, tables: Path | None = None
) -> Report:
    """Write `output` and beside it its table as Markdown and CSV.

    Args:
        folders: of runs, of sweeps, or above such.
        output: the page.
        figures: folder for every figure as SVG and PDF.
        tables: folder for every table as LaTeX, Markdown and CSV.

    Raises:
        DataError: a folder without runs, or with a sweep.json that cannot be read.
        MissingExtraError: matplotlib is not installed.
    """
    found = collect(folders)
    parts = chapters(test_sets(found.results))
    write_text(output, page(found, parts))
    markdown, csv = output.with_suffix(".md"), output.with_suffix(".csv")
    write_text(markdown, _markdown(found, parts))
    write_text(csv, csv_table([one.table for one in parts]))
    return Report(
        html=output,
        markdown=markdown,
        csv=csv,
        figures=tuple(write_figures((one.album for one in parts), figures)) if figures else (),
        tables=tuple(_write_tables(parts, tables)) if tables else (),
        headlines=tuple(headline(one.test_set) for one in parts),
    )


def _write_tables(parts: Sequence[Chapter], folder: Path) -> Iterator[Path]:
    for part in parts:
        texts = {
            "accuracy.tex": latex_table(part.table),
            "accuracy.md": markdown_table(part.table),
            "accuracy.csv": csv_table([part.table]),
        }
        for listing in part.listings:
            texts[f"{listing.name}.tex"] = listing.latex()
            texts[f"{listing.name}.md"] = listing.markdown()
            texts[f"{listing.name}.csv"] = listing.csv()
        for name, text in texts.items():
            write_text(folder / f"{part.prefix}{name}", text)
            yield folder / f"{part.prefix}{name}"


def _markdown(found: Collection, parts: Sequence[Chapter]) -> str:
    lines = [f"# {escaped(title(found))}"]
    if len(parts) > 1:
        lines.append(apart(parts))
    lines += left_out(found)
    for part in parts:
        lines += [
            f"## {escaped(part.name)}",
            bullets(
                f"**{escaped(statement.lead)}** {escaped(statement.text)}" for statement in part.statements
            ),
            "What cannot be said:",
            bullets(map(escaped, part.limits)),
            "Test accuracy in percent.",
            markdown_table(part.table).rstrip(),
            bullets(map(escaped, table_notes(part.table))),
        ]
        if part.differences:
            lines += [part.differences.caption, part.differences.markdown().rstrip()]
    if found.unfinished:
        reasons = (escaped(f"{job.name}: {job.state}, {job.reason}") for job in found.unfinished)
        lines.append("Without a result:\n\n" + bullets(reasons))
    return "\n\n".join(lines) + "\n"
