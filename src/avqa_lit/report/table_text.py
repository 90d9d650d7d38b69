"""The table as Markdown, for a README, and as CSV, for a program."""

from collections.abc import Sequence

from avqa_lit.artifacts.csv_text import csv_text
from avqa_lit.artifacts.differences import is_number, value_name
from avqa_lit.report import markdown
from avqa_lit.report.columns import OVERALL, Column
from avqa_lit.report.table import Cell, Row, Table
from avqa_lit.report.wording import DOWN, UP, percent, place, points

GAIN = "Gain over prior"
TESTED = ("half_width", "side_of_reference", "gain_is_significant")


def markdown_table(table: Table) -> str:
    """One line a configuration, in percent; after the overall accuracy its difference to the prior."""
    heads = ["Configuration", "Val overall"]
    totals = ["questions", ""]
    for column, total in zip(table.columns, table.totals, strict=True):
        name = markdown.escaped(column.short)
        heads += [name, GAIN] if column.metric == OVERALL else [name]
        totals += [f"{total:,}", ""] if column.metric == OVERALL else [f"{total:,}"]
    return markdown.pipe_table(heads, [totals, *(_markdown_row(row, table.columns) for row in table.rows)])


def _markdown_row(row: Row, columns: Sequence[Column]) -> list[str]:
    name = f"{row.label} ({row.detail})" if row.detail else row.label
    texts = [markdown.escaped(name) + (" ← chosen on val" if row.is_chosen else ""), _markdown_cell(row.val)]
    for column, cell in zip(columns, row.cells, strict=True):
        texts.append(_markdown_cell(cell))
        if column.metric == OVERALL:
            texts.append("" if cell.gain is None else points(cell.gain) + r"\*" * cell.marks.gains)
    return texts


def _markdown_cell(cell: Cell) -> str:
    text = percent(cell.value)
    if cell.half_width is not None:
        text += f" ± {percent(cell.half_width)}"
    if cell.is_best:
        text = f"**{text}**"
    return text + ("", UP, DOWN)[cell.marks.side] + "†" * cell.is_recomputed


def csv_table(tables: Sequence[Table]) -> str:
    """All rows of all test sets: fractions under the names of the metrics, unrounded.

    A metric that a test set does not have, for its categories are others, is left empty in its rows.
    """
    keys = list(dict.fromkeys(key for table in tables for key in table.keys))
    metrics = list(dict.fromkeys(column.metric for table in tables for column in table.columns))
    fixed = ["test_set", "kind", "label", "detail", "chosen", "seeds", "seed", "key", "folder"]
    head = [
        *fixed,
        *keys,
        f"val/{OVERALL}",
        *(f"test/{metric}" for metric in metrics),
        *(f"test/{OVERALL}/{metric}" for metric in TESTED),
    ]
    rows = (
        _csv_row(row, table.columns, number, keys=keys, metrics=metrics)
        for number, table in enumerate(tables, start=1)
        for row in [*table.rows, *table.runs]
    )
    return csv_text([head, *rows])


def _csv_row(
    row: Row, columns: Sequence[Column], number: int, *, keys: Sequence[str], metrics: Sequence[str]
) -> list[object]:
    single = row.results[0] if len(row.results) == 1 else None
    settings = row.results[0].settings if row.results else {}
    cells = dict(zip((column.metric for column in columns), row.cells, strict=True))
    overall = cells[OVERALL]
    shown = [row.val, *(cells.get(metric, Cell(None)) for metric in metrics)]
    return [
        number,
        row.kind,
        row.label,
        row.detail,
        int(row.is_chosen),
        len(row.results) or "",
        "" if single is None else single.seed,
        "" if single is None else single.run.results.key,
        "" if single is None else place(single.folder),
        *(_csv_value(settings[key]) if key in settings else "" for key in keys),
        *("" if cell.value is None else cell.value for cell in shown),
        "" if overall.half_width is None else overall.half_width,
        *(
            (overall.marks.side, int(overall.marks.gains))
            if row.kind in ("configuration", "scored")
            else ("", "")
        ),
    ]


def _csv_value(value: object) -> object:
    return value if is_number(value) else value_name(value)
