"""What a run leaves of its end: results.json."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, TypeAdapter

from avqa_lit.taxonomy import Taxonomy

SCHEMA = 1
State = Literal["finished", "failed", "interrupted", "diverged"]
# No count of a run is larger, and every program that reads JSON holds it exactly.
Count = Annotated[int, Field(ge=0, le=2**53)]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Right answers of so many questions."""

    correct: Count
    total: Count


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """On which data a run was trained and tested.

    Attributes:
        store: folder of the store, or of the annotations.
        checksum: of what lies there.
        encoders: network behind the features of each track and of the questions.
        questions: number of questions of each split.
    """

    store: str | None = None
    checksum: str | None = None
    encoders: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """How long the parts of a run took; None of a part that it has not, or did not come to."""

    fit: FiniteFloat | None = None
    test: FiniteFloat | None = None
    total: FiniteFloat | None = None


@dataclass(frozen=True, kw_only=True)
class GivenAnswers:
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
    name: str | None = None
    sha256: str | None = None
    truth_column: Literal[3, 4] | None = None
    answer_order: Mapping[str, str] | None = None
    normalised: Mapping[str, Count] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """Where a training first met a number that is not finite.

    Attributes:
        step: optimizer steps that were done before.
        epoch: counted from 0.
        quantity: name of the logged loss, "weights", or "gradient of" an operation.
    """

    step: Count
    epoch: Count
    quantity: str


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """A checkpoint of another run behind which a run began.

    Attributes:
        checkpoint: the file.
        key: of the config of the run that wrote it.
        checksum: of the data of that run.
        epoch: epochs that were done.
        step: optimizer steps that were done.
    """

    checkpoint: str
    key: str
    checksum: str
    epoch: Count
    step: Count


@dataclass(frozen=True, kw_only=True)
class Results:
    """State, scores and provenance of a run; of a run that failed, most entries are empty.

    Attributes:
        state: how it ended.
        reason: why it ended, unless it finished.
        key: of its config.
        experiment: name of the study.
        overrides: what was given on its command line.
        seed: what drove initialisation, order and dropout; None for given answers.
        smoke: why it is a smoke run, whose scores count nowhere; empty for any other.
        world_size: number of its processes.
        threads: number of threads of each.
        precision: of its arithmetic, as Lightning names it.
        monitor: metric on val that chose the best epoch.
        best_epoch: counted from 0.
        parameters: number of weights of the model.
        metrics: fractions and losses by their full name; None where one was not finite.
        counts: right answers and questions by split and category.
        taxonomy: the categories of its questions; None where the file does not tell them.
        unseen_answers: questions of each split whose answer train never gives.
        unknown_answers: given answers of each split that match none of the data's.
        dropped_questions: questions of each split that were left out because they lack features.
        no_prior: for each split without a question-only prior, why.
        diverged: at which step which term was not finite any more.
        goes_on_from: checkpoint of another run behind which this one began.
        checkpoint: file that was scored, of an evaluation.
        drop: modality that was blanked for it.
        view: which view of the videos it was scored on.
        predictions: file of another program that was scored.
        data: on which it was trained and tested.
        versions: of the packages that decide the bits of a result.
        git: commit of the package.
        seconds: how long it took.
        peak_memory_bytes: largest resident size of its first process.
    """

    state: State
    reason: str | None = None
    key: str | None = None
    experiment: str | None = None
    overrides: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    smoke: tuple[str, ...] = ()
    world_size: Count | None = None
    threads: Count | None = None
    precision: str | None = None
    monitor: str | None = None
    best_epoch: Count | None = None
    parameters: Count | None = None
    metrics: Mapping[str, FiniteFloat | None] = field(default_factory=dict)
    counts: Mapping[str, Marks] = field(default_factory=dict)
    taxonomy: Taxonomy | None = None
    unseen_answers: Mapping[str, Count] = field(default_factory=dict)
    unknown_answers: Mapping[str, Count] = field(default_factory=dict)
    dropped_questions: Mapping[str, Count] = field(default_factory=dict)
    no_prior: Mapping[str, str] = field(default_factory=dict)
    diverged: Divergence | None = None
    goes_on_from: StartingPoint | None = None
    checkpoint: str | None = None
    drop: str | None = None
    view: str | None = None
    predictions: GivenAnswers | None = None
    data: DataFacts = field(default_factory=DataFacts)
    versions: Mapping[str, str] = field(default_factory=dict)
    git: str | None = None
    seconds: Seconds = field(default_factory=Seconds)
    peak_memory_bytes: Count | None = None

    @property
    def scores(self) -> Mapping[str, float | None]:
        """The metrics, if they count: a smoke run has none."""
        return {} if self.smoke else self.metrics

    def to_plain(self) -> dict[str, Any]:
        """Plain values for JSON, without the entries that a run of this kind does not have."""
        plain = asdict(self)
        if self.taxonomy is not None:
            plain["taxonomy"] = self.taxonomy.to_plain()
        plain["seconds"] = {part: value for part, value in plain["seconds"].items() if value is not None}
        present = self._present()
        return {"schema": SCHEMA, **{name: value for name, value in plain.items() if name in present}}

    def _present(self) -> set[str]:
        """Entries of the file: those that hold something, and those that a run of this kind always has."""
        empty: tuple[object, ...] = (None, (), {}, DataFacts(), Seconds())
        names = {entry.name for entry in fields(self) if getattr(self, entry.name) not in empty}
        names |= {"experiment", "seed", "git"}
        is_training = self.checkpoint is None and self.predictions is None
        if is_training:
            names |= {"overrides", "smoke"}
        if self.checkpoint is not None:
            names |= {"smoke", "drop", "best_epoch"}
        if self.data != DataFacts():
            names |= {"dropped_questions", "goes_on_from"} if is_training else {"dropped_questions"}
        if self.counts:
            names |= {"no_prior", "unseen_answers"}
        return names


RESULTS: TypeAdapter[Results] = TypeAdapter(Results)
