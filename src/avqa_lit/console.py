"""What people read on a terminal: texts from elsewhere are shown, and never obeyed.

Names of runs, answers, keys and reasons come out of files that anybody may have written. On a terminal a
control character in them moves the cursor or renames the window, and rich would take ``[/]`` for markup.
"""

import re
from typing import IO, Any

from rich.console import Console
from rich.progress import Task, TextColumn
from rich.text import Text

# Control characters, halves of characters that cannot be printed, and marks that change the direction.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: object) -> str:
    r"""A text on one line, in which what a terminal would obey is written as an escape.

    Example:
        >>> visible("a\x1b[2Jb\nc")
        'a\\x1b[2Jb\\nc'
    """
    return HIDDEN.sub(lambda match: ascii(match.group())[1:-1], str(text))


def visible_lines(text: str) -> str:
    """The same for a text of several lines, which stay apart."""
    return "\n".join(map(visible, text.split("\n")))


def print_plain(text: object, *, file: IO[str] | None = None) -> None:
    """Print a text of one or more lines, as it is but for what a terminal would obey."""
    print(visible_lines(str(text)), file=file)


class PlainConsole(Console):
    """A console that shows every string as it is: no markup, no emoji codes, nothing that a terminal obeys.

    A `Text` passes through, so that its maker applies `visible`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text that stands for a string, wherever it is printed: alone or in a table."""
        return super().render_str(visible_lines(text), **options)


class PlainColumn(TextColumn):
    """A column of a progress bar that shows its text as it is."""

    def __init__(self, text_format: str) -> None:
        super().__init__(text_format, markup=False)

    def render(self, task: Task) -> Text:
        """The text of a task."""
        return Text(visible(self.text_format.format(task=task)), no_wrap=True)
