"""What each run was given, what it cost and where it lies."""

from avqa_lit.report.configurations import TestSet
from avqa_lit.report.markup import plain_table
from avqa_lit.report.origin import TRAINING
from avqa_lit.report.provenance import scored
from avqa_lit.report.result import Result
from avqa_lit.report.wording import DASH, place

HEADS = (
    "Key",
    "Given",
    "Seed",
    "Best epoch",
    "Parameters",
    "Fit, s",
    "Train questions/s",
    "Test, s",
    "Peak memory, MB",
    "Folder",
)
CAPTION = (
    "Each run: what was given, what it cost, where it lies. Questions a second are those of all epochs over "
    "the time of the fit, which looks at val after every epoch."
)


def runs_made(test_set: TestSet) -> str:
    """One line a run."""
    rows = [
        (
            result.run.results.key or DASH,
            _given(result),
            _number(result.seed),
            _number(result.run.results.best_epoch, shift=1),
            _number(result.run.results.parameters),
            _number(result.run.results.seconds.fit),
            _number(questions_per_second(result)),
            _number(result.run.results.seconds.test),
            _number(result.run.results.peak_memory_bytes, scale=1e-6),
            place(result.folder),
        )
        for result in test_set.results
    ]
    return plain_table(CAPTION, HEADS, rows, css="runs")


def questions_per_second(result: Result) -> float | None:
    """Train questions of all epochs over the seconds of the fit; None where the run did not train."""
    asked, seconds = result.run.results.data.questions.get("train"), result.run.results.seconds.fit
    epochs = len({row["epoch"] for row in result.run.metrics})
    return asked * epochs / seconds if asked and seconds and epochs else None


def _given(result: Result) -> str:
    words = result.run.results.overrides if result.origin == TRAINING else scored(result)
    return " ".join(words) or "none"


def _number(value: float | None, *, scale: float = 1, shift: int = 0) -> str:
    return DASH if value is None else f"{value * scale + shift:,.0f}"
