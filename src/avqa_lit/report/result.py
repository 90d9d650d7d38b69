"""Finished scores, checked: their settings, their counts, their marks question by question."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.differences import canonical
from avqa_lit.artifacts.json_files import shown
from avqa_lit.artifacts.results import Marks
from avqa_lit.artifacts.run_folder import Run
from avqa_lit.errors import DataError
from avqa_lit.report.answers import Answers, read_answers
from avqa_lit.report.columns import OVERALL, columns_of
from avqa_lit.report.origin import GIVEN, TRAINING, origin, settings_of
from avqa_lit.taxonomy import Taxonomy

TOLERANCE = 1e-6

Count = tuple[int, int]


@dataclass(frozen=True)
class Result:
    """One finished run, be it a training or the scoring of a checkpoint or of another program's answers.

    Attributes:
        run: its files.
        origin: which of the three, by the names in `avqa_lit.report.origin`.
        settings: what tells it from others by dotted key, without the seed.
        counts: right answers and questions by split and category.
        answers: marks on the test questions; None where the run kept no predictions.
        attention: file of where it looked and listened; there only where that was asked for.
    """

    run: Run
    origin: str
    settings: Mapping[str, Any]
    counts: Mapping[str, Mapping[str, Count]]
    answers: Answers | None
    attention: Path

    @property
    def folder(self) -> Path:
        """Where the run's files are."""
        return self.run.folder.path

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories of its questions."""
        return self.run.taxonomy

    @property
    def is_described(self) -> bool:
        """Whether its settings are those of a config, and so can be compared key by key."""
        return self.origin != GIVEN and bool(self.run.config)

    @property
    def checksum(self) -> str | None:
        """Checksum of the store, or of the annotations, that it was tested on."""
        return self.run.results.data.checksum

    @property
    def seed(self) -> int | None:
        """What drove initialisation, order and dropout."""
        return self.run.results.seed

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for runs that repeat each other."""
        return (canonical(self.settings), str(self.seed))

    def accuracy(self, metric: str, split: str = "test") -> float | None:
        """Fraction by the metric's name after the split; None where the run has none."""
        return self.run.results.metrics.get(f"{split}/{metric}")

    def total(self, split: str = "test") -> int:
        """Number of questions; 0 where the run counted none."""
        return sum(total for _, total in self.counts.get(split, {}).values())


def read_result(run: Run) -> Result:
    """Check a finished run.

    Raises:
        DataError: without config, metrics or counts, with a logged step that has no epoch, or counts that
            contradict its metrics or predictions.
    """
    source = run.folder.results
    if not run.config and origin(run) == TRAINING:
        raise DataError(f"{run.folder.config}: expected the config of a finished run; run it again")
    for number, row in enumerate(run.metrics, start=1):
        if not isinstance(row, Mapping) or not isinstance(row.get("epoch"), int):
            raise DataError(
                f"{run.folder.metrics}, line {number}: expected an object with an epoch, found {shown(row)}"
            )
    counts = _counts(run.results.counts, run.taxonomy, source)
    rows = run.predictions()
    answers = read_answers(rows, run.taxonomy, source=run.folder.predictions("test")) if rows else None
    attention = run.folder.attention("test")
    result = Result(run, origin(run), settings_of(run), counts, answers, attention)
    _check(result, source)
    return result


def _counts(told: Mapping[str, Marks], taxonomy: Taxonomy, source: Path) -> dict[str, dict[str, Count]]:
    counts: dict[str, dict[str, Count]] = {}
    for name, marks in told.items():
        split, _, category = name.partition("/")
        if category not in taxonomy.place:
            raise DataError(
                f"{source}: counts has {shown(name)}: {shown(asdict(marks))}; expected <split>/<category> "
                f"with a category out of {', '.join(taxonomy.names)}"
            )
        counts.setdefault(split, {})[category] = (marks.correct, marks.total)
    return counts


def _check(result: Result, source: Path) -> None:
    counts = result.counts.get("test", {})
    if not result.total() and result.counts:
        raise DataError(
            f"{source}: scored on {', '.join(result.counts)}; only scores of the test split are compared"
        )
    if not result.total() or result.accuracy(OVERALL) is None:
        raise DataError(f"{source}: expected counts and accuracy of the test split; run it again")
    for column in columns_of(result.taxonomy):
        if not column.metric.endswith(("mean_of_types", "mean_of_modalities")):
            _compare(
                result, column.metric, [counts[one] for one in column.categories if one in counts], source
            )
    right = sum(correct for correct, _ in counts.values())
    if result.answers is not None and (right, result.total()) != (
        int(result.answers.correct.sum()),
        len(result.answers.correct),
    ):
        raise DataError(
            f"{result.run.folder.predictions('test')}: {int(result.answers.correct.sum())} of "
            f"{len(result.answers.correct)} right, but results.json counts {right} of {result.total()}; "
            "run it again"
        )


def _compare(result: Result, metric: str, counts: list[Count], source: Path) -> None:
    total = sum(total for _, total in counts)
    value = result.accuracy(metric)
    if total and value is not None:
        share = sum(correct for correct, _ in counts) / total
        if abs(share - value) > TOLERANCE:
            raise DataError(f"{source}: test/{metric} is {value}, but its counts give {share}; run it again")
