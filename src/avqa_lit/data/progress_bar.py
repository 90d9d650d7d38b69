"""The bar that long work on data shows."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from avqa_lit.console import PlainColumn, PlainConsole


def progress_bar(*, enabled: bool = True) -> Progress:
    """A bar on stderr where that is a terminal; `enabled` set to False hides it there too."""
    console = PlainConsole(stderr=True)
    columns = PlainColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not (enabled and console.is_terminal))
