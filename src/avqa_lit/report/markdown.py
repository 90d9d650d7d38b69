r"""Markdown as GitHub reads it: texts from outside are shown, whatever characters they hold."""

import re
from collections.abc import Iterable, Sequence

from avqa_lit.console import visible

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# An underscore between letters, as in the name of a file, begins nothing.
SPECIAL = re.compile(r"[&<>\\`*\[\]|#~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# Before the mark of a list or of a rule, where a text begins with one.
MARK = re.compile(r"^([0-9]{1,9}(?=[.)](?:\s|$))|(?=[-+](?:[\s-]|$)))")


def escaped(text: str) -> str:
    r"""A text as Markdown prints it, on one line.

    Example:
        >>> escaped("<b>a|b</b> of model_a"), escaped("*no*\nlist")
        ('&lt;b&gt;a\\|b&lt;/b&gt; of model_a', '\\*no\\* list')
    """
    line = visible(" ".join(text.split()))
    shown = SPECIAL.sub(lambda match: ENTITIES.get(match.group(), f"\\{match.group()}"), line)
    return MARK.sub(r"\1\\", shown)


def bullets(items: Iterable[str]) -> str:
    """A list of items that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def pipe_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already: the first column names the rows, the others are numbers."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
