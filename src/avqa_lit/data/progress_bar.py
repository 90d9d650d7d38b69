"""The bar that long work on data shows."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def progress_bar(*, enabled: bool = True) -> Progress:
    """A bar on stderr where that is a terminal; `enabled` set to False hides it there too."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not (enabled and console.is_terminal))
