"""Columns that a terminal has room for."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP = 2  # blanks between two columns
WIDEST = 24  # a longer cell is folded, but for a name


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes:
        head: its heading.
        cells: one for each row.
        worth: a column of more worth is kept where there is no room for both.
        is_number: whether its cells end at the same place.
        is_name: whether it tells rows apart; such a column is always kept.
    """

    head: str
    cells: tuple[Text, ...]
    worth: float
    is_number: bool = False
    is_name: bool = False

    @property
    def width(self) -> int:
        """Of its longest line."""
        longest = max((cell.cell_len for cell in self.cells), default=0)
        return max(cell_len(self.head), longest if self.is_name else min(longest, WIDEST))


def fitting(columns: Sequence[Column], *, width: int) -> list[Column]:
    """The columns of most worth that fit side by side, in their order; those with names always do."""
    kept = [column for column in columns if column.is_name]
    for column in sorted(columns, key=lambda column: column.worth, reverse=True):
        if not column.is_name and _width([*kept, column]) <= width:
            kept.append(column)
    return [column for column in columns if column in kept]


def table_of(columns: Sequence[Column]) -> Table:
    """A table whose columns are as wide as they have to be."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.head,
            justify="right" if column.is_number else "left",
            overflow="fold",
            max_width=None if column.is_name else WIDEST,
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)
