"""CSV that a spreadsheet shows and does not compute."""

import csv
import io
from collections.abc import Iterable, Sequence

from avqa_lit.console import visible_lines

# A spreadsheet takes a cell that begins so for a formula, which may read files and call other programs.
FORMULA = tuple("=+-@\t\uff1d\uff0b\uff0d\uff20")  # the last four are the same signs in full width


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""Rows as CSV; a text that a spreadsheet would take for a formula has an apostrophe before it.

    Numbers stay as they are, negative ones and those in a text as well. None is an empty cell.

    Example:
        >>> csv_text([["run", "@SUM(A1)", -0.5, "-1e-3", None]])
        "run,'@SUM(A1),-0.5,-1e-3,\n"

    References:
        CSV injection, OWASP, https://owasp.org/www-community/attacks/CSV_Injection
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return target.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return visible_lines(f"'{value}" if value.startswith(FORMULA) and not _is_number(value) else value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
