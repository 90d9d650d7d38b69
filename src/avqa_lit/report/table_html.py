"""The table of accuracies as HTML."""

from collections.abc import Sequence
from html import escape

from avqa_lit.report.columns import Column, column_groups
from avqa_lit.report.markup import element, scrolling, wrap
from avqa_lit.report.table import Cell, Row, Table
from avqa_lit.report.table_notes import PRINTED
from avqa_lit.report.wording import DOWN, STAR, UP, percent, points

CAPTION = (
    "Test accuracy in percent, per category and as every kind of average by its name; under it the "
    "difference to the question-only prior in points"
)


def html_table(table: Table) -> str:
    """The main table: prior, configurations, what was scored later, published rows."""
    columns = table.columns
    bodies = [wrap("tbody", _row(table.prior, columns), css="prior")] if table.prior else []
    if table.configurations:
        bodies.append(_body("", table.configurations, columns))
    if table.scored:
        bodies.append(_body("Scored later", table.scored, columns))
    if table.published:
        bodies.append(_body("Published, on the official test split", table.published, columns))
    several = any(cell.half_width is not None for row in table.rows for cell in row.cells)
    caption = CAPTION + (" ± half of the 95% interval over seeds." if several else ".")
    inner = element("caption", caption) + _head(table) + "".join(bodies)
    return scrolling(inner, name="Test accuracy per category", css="scores")


def runs_table(table: Table) -> str:
    """Each run by itself, under a heading that opens; empty where every configuration has one run."""
    if not table.runs:
        return ""
    caption = element(
        "caption", "Each run by itself: test accuracy in percent, difference to the prior in points."
    )
    inner = caption + _head(table) + _body("", table.runs, table.columns)
    box = scrolling(inner, name="Each run by itself", css="scores")
    return wrap("details", element("summary", f"Each of the {len(table.runs)} runs by itself") + box)


def _head(table: Table) -> str:
    top = element("th", "Configuration", scope="col", rowspan="2") + element(
        "th", "Val overall", scope="col", rowspan="2", css="val"
    )
    bottom, place = "", 0
    for name, columns in column_groups(table.columns):
        top += element("th", name, scope="colgroup", colspan=str(len(columns)), css="first")
        for number, column in enumerate(columns):
            questions = element("small", f"{table.totals[place]:,}")
            css = "first" if number == 0 else ""
            bottom += wrap("th", f"{escape(column.label)} {questions}", scope="col", css=css)
            place += 1
    return wrap("thead", wrap("tr", top) + wrap("tr", bottom))


def _body(title: str, rows: Sequence[Row], columns: Sequence[Column]) -> str:
    span = str(len(columns) + 2)
    heading = wrap("tr", element("th", title, scope="rowgroup", colspan=span), css="group") if title else ""
    return wrap("tbody", heading + "".join(_row(row, columns) for row in rows), css=rows[0].kind)


def _row(row: Row, columns: Sequence[Column]) -> str:
    name = escape(row.label) + (element("small", row.detail) if row.detail else "")
    if row.is_chosen:
        name += element("span", "chosen on val", css="badge")
    firsts = {group[0].metric for _, group in column_groups(columns)}
    cells = "".join(
        _cell(cell, css="first" if column.metric in firsts else "")
        for column, cell in zip(columns, row.cells, strict=True)
    )
    return wrap(
        "tr",
        wrap("th", name, scope="row") + _cell(row.val, css="val") + cells,
        css="chosen" if row.is_chosen else "",
    )


def _cell(cell: Cell, *, css: str) -> str:
    text = percent(cell.value)
    number = wrap("strong", text) if cell.is_best else text
    if cell.marks.side:
        above = cell.marks.side > 0
        number += element("abbr", UP if above else DOWN, title="above" if above else "below")
    if cell.is_recomputed:
        number += element("abbr", "†", title=f"worked out from the {PRINTED} accuracies")
    under = [] if cell.gain is None else [points(cell.gain) + STAR * cell.marks.gains]
    if cell.half_width is not None:
        under.append(f"±{percent(cell.half_width)}")
    return wrap("td", number + "".join(element("small", one) for one in under), css=css)
