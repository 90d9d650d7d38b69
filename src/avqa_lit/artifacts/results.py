"""What a run leaves of its end: results.json."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter

SCHEMA = 1
State = Literal["finished", "failed", "interrupted", "diverged"]
# No count of a run is larger, and every program that reads JSON holds it exactly.
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Read(BaseModel):
    """Checked when it is read; what a newer version adds is kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Marks(_Read):
    """Right answers of so many questions."""

    correct: Count
    total: Count


class DataFacts(_Read):
    """On which data a run was trained and tested.

    Attributes:
        store: folder of the store, or of the annotations.
        checksum: of what lies there.
        encoders: network behind the features of each track and of the questions.
        questions: number of questions of each split.
    """

    store: str | None = None
    checksum: str | None = None
    encoders: Mapping[str, str] = {}
    questions: Mapping[str, Count] = {}


class Seconds(_Read):
    """How long the parts of a run took."""

    fit: FiniteFloat | None = None
    test: FiniteFloat | None = None
    total: FiniteFloat | None = None


class GivenAnswers(_Read):
    """A file with the answers of another program."""

    file: str
    sha256: str | None = None


class Diverged(_Read):
    """Where a training first met a number that is not finite.

    Attributes:
        step: optimizer steps that were done before.
        epoch: counted from 0.
        quantity: the logged loss, or what else was not finite.
    """

    step: Count
    epoch: Count
    quantity: str


class Results(_Read):
    """State, scores and provenance of a run; of a run that failed, the most is missing.

    Attributes:
        state: how it ended.
        reason: why it ended, unless it finished.
        diverged: where, if it diverged.
        smoke: keys that had it see a part of its data alone; its scores are no results then.
        key: of its config.
        experiment: name of the study.
        overrides: what was given on its command line.
        seed: what drove initialisation, order and dropout; None for given answers.
        monitor: metric on val that chose the best epoch.
        best_epoch: counted from 0.
        parameters: number of weights of the model.
        metrics: fractions and losses by their full name; None where one was not finite.
        counts: right answers and questions by split and category.
        unseen_answers: questions of each split whose answer train never gives.
        dropped_questions: questions of each split that were left out for want of features.
        checkpoint: file that was scored, of an evaluation.
        drop: modality that was blanked for it.
        predictions: file of another program that was scored.
    """

    state: State
    reason: str | None = None
    diverged: Diverged | None = None
    smoke: tuple[str, ...] = ()
    key: str | None = None
    experiment: str | None = None
    overrides: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    world_size: Count | None = None
    threads: Count | None = None
    precision: str | None = None
    monitor: str | None = None
    best_epoch: Count | None = None
    parameters: Count | None = None
    metrics: Mapping[str, FiniteFloat | None] = {}
    counts: Mapping[str, Marks] = {}
    unseen_answers: Mapping[str, Count] = {}
    dropped_questions: Mapping[str, Count] = {}
    data: DataFacts = DataFacts()
    versions: Mapping[str, str] = {}
    git: str | None = None
    seconds: Seconds = Seconds()
    peak_memory_bytes: Count | None = None
    checkpoint: str | None = None
    drop: str | None = None
    predictions: GivenAnswers | None = None


RESULTS: TypeAdapter[Results] = TypeAdapter(Results)
