"""A table of names and numbers, and how it is printed for a page, a README, a program and a paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from avqa_lit.artifacts.csv_text import csv_text
from avqa_lit.report import markdown
from avqa_lit.report.latex import booktabs, escaped
from avqa_lit.report.markup import plain_table
from avqa_lit.report.wording import percent

Entry = str | int | float | None


@dataclass(frozen=True)
class Listing:
    """Rows under their heads; the first entry of a row names it.

    Attributes:
        name: of its files.
        caption: what the rows are; fractions are printed in percent.
        rows: text as it is, whole numbers as counts, fractions as percent, None as a dash.
    """

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]

    def html(self) -> str:
        """For the page."""
        return plain_table(self.caption, self.heads, map(_texts, self.rows), css="listing")

    def markdown(self) -> str:
        """In percent."""
        rows = ([markdown.escaped(text) for text in _texts(row)] for row in self.rows)
        return markdown.pipe_table([markdown.escaped(head) for head in self.heads], rows)

    def csv(self) -> str:
        """Fractions, unrounded."""
        return csv_text([self.heads, *self.rows])

    def latex(self) -> str:
        """In percent, with the rules of booktabs."""
        rows = ([escaped(text) for text in _texts(row)] for row in self.rows)
        return booktabs([[escaped(head) for head in self.heads]], [list(rows)], caption=self.caption)


def _texts(row: Sequence[Entry]) -> list[str]:
    return [_text(entry) for entry in row]


def _text(entry: Entry) -> str:
    if isinstance(entry, str):
        return entry
    return f"{entry:,}" if isinstance(entry, int) else percent(entry)
