"""The table as Markdown, for a README, and as CSV, for a program."""

from collections.abc import Sequence

from avqa_lit.artifacts.csv_text import csv_text
from avqa_lit.artifacts.differences import is_number, value_name
from avqa_lit.report import markdown
from avqa_lit.report.columns import COLUMNS, OVERALL
from avqa_lit.report.table import Cell, Row, Table
from avqa_lit.report.wording import DOWN, UP, percent, place, points

GAIN = "Gain over prior"
TESTED = ("half_width", "side_of_reference", "gain_is_significant")


def markdown_table(table: Table) -> str:
    """One line a configuration, in percent; after the overall accuracy its difference to the prior."""
    heads = ["Configuration", "Val overall"]
    totals = ["questions", ""]
    for column, total in zip(COLUMNS, table.totals, strict=True):
        heads += [column.short, GAIN] if column.metric == OVERALL else [column.short]
        totals += [f"{total:,}", ""] if column.metric == OVERALL else [f"{total:,}"]
    return markdown.pipe_table(heads, [totals, *(_markdown_row(row) for row in table.rows)])


def _markdown_row(row: Row) -> list[str]:
    name = f"{row.label} ({row.detail})" if row.detail else row.label
    texts = [markdown.escaped(name) + (" ← chosen on val" if row.is_chosen else ""), _markdown_cell(row.val)]
    for column, cell in zip(COLUMNS, row.cells, strict=True):
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
    """All rows of all test sets: fractions under the names of the metrics, unrounded."""
    keys = list(dict.fromkeys(key for table in tables for key in table.keys))
    metrics = [f"test/{column.metric}" for column in COLUMNS]
    fixed = ["test_set", "kind", "label", "detail", "chosen", "seeds", "seed", "key", "folder"]
    head = [*fixed, *keys, f"val/{OVERALL}", *metrics, *(f"test/{OVERALL}/{one}" for one in TESTED)]
    rows = (
        _csv_row(row, number, keys)
        for number, table in enumerate(tables, start=1)
        for row in [*table.rows, *table.runs]
    )
    return csv_text([head, *rows])


def _csv_row(row: Row, number: int, keys: Sequence[str]) -> list[object]:
    single = row.results[0] if len(row.results) == 1 else None
    settings = row.results[0].settings if row.results else {}
    overall = next(cell for column, cell in zip(COLUMNS, row.cells, strict=True) if column.metric == OVERALL)
    return [
        number,
        row.kind,
        row.label,
        row.detail,
        int(row.is_chosen),
        len(row.results) or "",
        "" if single is None else single.seed,
        "" if single is None else single.fact("key"),
        "" if single is None else place(single.folder),
        *(_csv_value(settings[key]) if key in settings else "" for key in keys),
        *("" if cell.value is None else cell.value for cell in (row.val, *row.cells)),
        "" if overall.half_width is None else overall.half_width,
        *(
            (overall.marks.side, int(overall.marks.gains))
            if row.kind in ("configuration", "scored")
            else ("", "")
        ),
    ]


def _csv_value(value: object) -> object:
    return value if is_number(value) else value_name(value)
