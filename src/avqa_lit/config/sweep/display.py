"""What a sweep shows while it runs and when it ends."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from avqa_lit.artifacts.fit_progress import Progress, read_progress
from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.sweep.plan import SweepJob
from avqa_lit.config.sweep.progress import time_left
from avqa_lit.console import PlainConsole, visible

_STYLES = {
    "finished": "green", "skipped": "green", "failed": "red", "interrupted": "yellow", "diverged": "magenta",
}  # fmt: skip


class SweepDisplay:
    """A line when a job starts and one when it ends; on a terminal, what runs now stays in view below them.

    Args:
        jobs: all jobs of the sweep.
        console: where to show them.
    """

    def __init__(self, jobs: Sequence[SweepJob], *, console: PlainConsole) -> None:
        self.jobs = jobs
        self.console = console
        self._width = len(str(len(jobs)))
        self._began: dict[str, float] = {}
        self._refreshed = 0.0
        # Refreshed by the loop: no second thread may read jobs while they change.
        self._live = (
            Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        )

    def __enter__(self) -> "SweepDisplay":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def started(self, job: SweepJob) -> None:
        """Tell that a job began."""
        self._began[job.key] = time.time()
        self._line(job, "started" if job.attempts == 1 else f"started, attempt {job.attempts}")
        self.refresh(now=True)

    def ended(self, job: SweepJob) -> None:
        """Tell how a job ended, whether or not it will be tried again."""
        self._began.pop(job.key, None)
        if job.results is not None:
            told = f"val {accuracy(job.results, 'val')}  test {accuracy(job.results, 'test')}"
        else:
            told = (job.reason or "").splitlines()[0] if job.reason else ""
        self._line(job, job.state, f"{duration(job.seconds)}  {told}")
        self.refresh(now=True)

    def refresh(self, *, now: bool = False) -> None:
        """Show the present state, at most four times a second unless `now`."""
        if self._live is not None and (now or time.monotonic() - self._refreshed > 0.25):
            self._refreshed = time.monotonic()
            self._live.update(self._panel(), refresh=True)

    def _line(self, job: SweepJob, state: str, told: str = "") -> None:
        head = f"[{job.number:>{self._width}}/{len(self.jobs)}] "
        tail = f"  {job.label}" + (f"  {told}" if told else "")
        text = Text.assemble(head, (state, _STYLES.get(state, "")), visible(tail))
        self.console.print(text, soft_wrap=True)

    def _panel(self) -> RenderableType:
        clock = time.time()
        running = [job for job in self.jobs if job.key in self._began]
        progress = {
            job.key: read_progress(RunFolder(job.folder).timing, since=self._began[job.key], now=clock)
            for job in running
        }
        rows = Table.grid(padding=(0, 2))
        for job in running:
            rows.add_row(
                f"job {job.number} of {len(self.jobs)}",
                visible(job.label),
                *_epochs(progress[job.key]),
                duration(clock - self._began[job.key]),
            )
        return Group(rows, Text(self._summary(clock, running, progress), style="bold"))

    def _summary(
        self, clock: float, running: Sequence[SweepJob], progress: Mapping[str, Progress | None]
    ) -> str:
        left = time_left(
            ended=[job.seconds for job in self.jobs if job.state == "finished"],
            running=[
                (clock - self._began[job.key], one.seconds_left if (one := progress[job.key]) else None)
                for job in running
            ],
            waiting=sum(job.state == "waiting" for job in self.jobs),
        )
        over = sum(job.state in _STYLES for job in self.jobs)
        told = f"about {duration(left)} left" if left is not None else "time left not known yet"
        return f"{over} of {len(self.jobs)} jobs ended, {told}"


def _epochs(progress: Progress | None) -> tuple[RenderableType, str]:
    if progress is None:
        return ProgressBar(width=20, total=1, completed=0), "starting"
    bar = ProgressBar(width=20, total=progress.epochs, completed=progress.epoch)
    return bar, f"epoch {min(progress.epoch + 1, progress.epochs)}/{progress.epochs}"


def print_outcome(jobs: Sequence[SweepJob], *, console: PlainConsole) -> None:
    """Print the table of all jobs, then why each of those that did not finish did not."""
    table = Table(title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("job")
    table.add_column("overrides", overflow="fold")
    table.add_column("state")
    for name in ("val", "test", "time"):
        table.add_column(name, justify="right")
    for job in jobs:
        past = None if job.results is None else job.results.seconds.total
        table.add_row(
            str(job.number),
            visible(job.label),
            Text(job.state, style=_STYLES.get(job.state, "")),
            accuracy(job.results, "val"),
            accuracy(job.results, "test"),
            duration(job.seconds or past or 0.0),
        )
    console.print()
    console.print(table)
    for job in jobs:
        if job.reason is not None:
            cause, *lines = job.reason.splitlines()
            told = "".join(f"\n    {line}" for line in lines)
            console.print(
                f"\njob {job.number} {job.state}: {visible(job.label)}\n  {cause}{told}\n  log: {job.log}",
                soft_wrap=True,
            )  # fmt: skip


def accuracy(results: Results | None, split: str) -> str:
    """Overall accuracy of a split in percent, or a dash, also for a smoke run.

    Example:
        >>> accuracy(Results(state="finished", metrics={"val/acc/overall": 0.61234}), "val")
        '61.23'
    """
    value = None if results is None else results.scores.get(f"{split}/acc/overall")
    return "-" if value is None else f"{100 * value:.2f}"


def duration(seconds: float) -> str:
    """Time for people.

    Example:
        >>> duration(3725), duration(95), duration(7)
        ('1:02:05', '1:35', '7 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
