r"""The table of accuracies for a paper."""

from collections.abc import Sequence

from avqa_lit.report.columns import OVERALL, Column, column_groups
from avqa_lit.report.latex import booktabs, escaped
from avqa_lit.report.table import Cell, Row, Table
from avqa_lit.report.table_notes import table_notes
from avqa_lit.report.wording import DOWN, STAR, UP, percent, points

CAPTION = (
    "Test accuracy in percent; under each column's name its number of questions, after the overall accuracy "
    "its difference to the question-only prior in points."
)


def latex_table(table: Table) -> str:
    """All rows but those of single runs, with rules between prior, configurations and published rows."""
    top, rules, names, first = ["", ""], "", [], 3
    for title, columns in column_groups(table.columns):
        heads = [head for column in columns for head in _heads(column.metric, column.label)]
        top.append(rf"\multicolumn{{{len(heads)}}}{{c}}{{{escaped(title)}}}")
        rules += rf"\cmidrule(lr){{{first}-{first + len(heads) - 1}}}"
        names += heads
        first += len(heads)
    asked = [
        text
        for column, total in zip(table.columns, table.totals, strict=True)
        for text in _heads(column.metric, f"{total:,}", beside="")
    ]
    parts = ([table.prior] if table.prior else [], table.configurations, table.scored, table.published)
    groups = [[_row(row, table.columns) for row in part] for part in parts if part]
    lines = [top, [rf"{rules} Configuration", "Val overall", *names], ["questions", "", *asked]]
    return booktabs(lines, groups, caption=" ".join([CAPTION, *table_notes(table)]), across=True)


def _heads(metric: str, text: str, *, beside: str = r"$-$ prior") -> list[str]:
    return [escaped(text), beside] if metric == OVERALL else [escaped(text)]


def _row(row: Row, columns: Sequence[Column]) -> list[str]:
    name = f"{row.label} ({row.detail})" if row.detail else row.label
    cells = [escaped(name + (" (chosen on val)" if row.is_chosen else "")), _cell(row.val)]
    for column, cell in zip(columns, row.cells, strict=True):
        cells.append(_cell(cell))
        if column.metric == OVERALL:
            cells.append("" if cell.gain is None else escaped(points(cell.gain)) + STAR * cell.marks.gains)
    return cells


def _cell(cell: Cell) -> str:
    text = percent(cell.value)
    number = rf"\textbf{{{text}}}" if cell.is_best else escaped(text)
    number += escaped(("", UP, DOWN)[cell.marks.side] + "†" * cell.is_recomputed)
    return number if cell.half_width is None else rf"{number} {{\scriptsize $\pm${percent(cell.half_width)}}}"
