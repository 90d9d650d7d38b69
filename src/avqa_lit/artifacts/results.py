"""What a run leaves of its end: results.json."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, FiniteFloat, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

SCHEMA = 1
State = Literal["finished", "failed", "interrupted", "diverged"]
# No count of a run is larger, and every program that reads JSON holds it exactly.
Count = Annotated[int, Field(ge=0, le=2**53)]
_KEEPS_MORE = ConfigDict(extra="allow")  # what a newer version adds


@with_config(_KEEPS_MORE)
class Marks(TypedDict):
    """Right answers of so many questions."""

    correct: Count
    total: Count


@with_config(_KEEPS_MORE)
class DataFacts(TypedDict, total=False):
    """On which data a run was trained and tested.

    Attributes:
        store: folder of the store, or of the annotations.
        checksum: of what lies there.
        encoders: network behind the features of each track and of the questions.
        questions: number of questions of each split.
    """

    store: str | None
    checksum: str | None
    encoders: dict[str, str]
    questions: dict[str, Count]


@with_config(_KEEPS_MORE)
class Seconds(TypedDict, total=False):
    """How long the parts of a run took."""

    fit: FiniteFloat | None
    test: FiniteFloat | None
    total: FiniteFloat | None


@with_config(_KEEPS_MORE)
class GivenAnswers(TypedDict):
    """A file with the answers of another program.

    Attributes:
        file: where it was.
        name: what it is called among those that were scored with it.
        sha256: of its bytes.
        truth_column: which column of a published file was the truth, 3 or 4.
        answer_order: answer that each number in it stands for; None where it has words.
        normalised: how many answers matched by each rule, or by an alias.
    """

    file: str
    name: NotRequired[str | None]
    sha256: NotRequired[str | None]
    truth_column: NotRequired[Literal[3, 4] | None]
    answer_order: NotRequired[dict[str, str] | None]
    normalised: NotRequired[dict[str, Count]]


@with_config(_KEEPS_MORE)
class Results(TypedDict, total=False):
    """State, scores and provenance of a run; of a run that failed, most entries are missing.

    Attributes:
        schema: version of the form of the file.
        state: how it ended.
        reason: why it ended, unless it finished.
        key: of its config.
        experiment: name of the study.
        overrides: what was given on its command line.
        seed: what drove initialisation, order and dropout; None for given answers.
        smoke: why it is a smoke run, whose scores count nowhere; empty for any other.
        monitor: metric on val that chose the best epoch.
        best_epoch: counted from 0.
        parameters: number of weights of the model.
        metrics: fractions and losses by their full name; None where one was not finite.
        counts: right answers and questions by split and category.
        taxonomy: the categories, as `avqa_lit.taxonomy` reads them.
        unseen_answers: questions of each split whose answer train never gives.
        unknown_answers: given answers of each split that match none of the data's.
        dropped_questions: questions of each split that were left out because they lack features.
        no_prior: for each split without a question-only prior, why.
        diverged: at which step which term was not finite any more.
        goes_on_from: checkpoint of another run behind which this one began.
        checkpoint: file that was scored, of an evaluation.
        drop: modality that was blanked for it.
        predictions: file of another program that was scored.
    """

    schema: int
    state: State
    reason: str | None
    key: str | None
    experiment: str | None
    overrides: list[str]
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None
    smoke: list[str]
    world_size: Count | None
    threads: Count | None
    precision: str | None
    monitor: str | None
    best_epoch: Count | None
    parameters: Count | None
    metrics: dict[str, FiniteFloat | None]
    counts: dict[str, Marks]
    taxonomy: Any
    unseen_answers: dict[str, Count]
    unknown_answers: dict[str, Count]
    dropped_questions: dict[str, Count]
    no_prior: dict[str, str]
    diverged: dict[str, Any]
    goes_on_from: dict[str, Any] | None
    data: DataFacts
    versions: dict[str, str]
    git: str | None
    seconds: Seconds
    peak_memory_bytes: Count | None
    checkpoint: str
    drop: str | None
    predictions: GivenAnswers


RESULTS: TypeAdapter[Results] = TypeAdapter(Results)
