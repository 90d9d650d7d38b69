"""What a checkpoint tells of the run that wrote it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avqa_lit.errors import ConfigError
from avqa_lit.taxonomy import Taxonomy, stored_taxonomy

ENTRY = "avqa_lit"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Everything beside the weights that evaluation needs, in plain values.

    Attributes:
        key: of the run's config.
        checksum: of the store that the run was trained on.
        config: of the run, resolved.
        answers: the model's answers in the order of its outputs.
        words: the vocabulary of questions in order.
        spec: sizes of the data for which the model was built.
        taxonomy: the categories of the questions that it was trained on.
    """

    key: str
    checksum: str
    config: dict[str, Any]
    answers: tuple[str, ...]
    words: tuple[str, ...]
    spec: Mapping[str, Any]
    taxonomy: Taxonomy

    def plain(self) -> dict[str, Any]:
        """The values as they travel in a checkpoint."""
        lists = {"answers": list(self.answers), "words": list(self.words)}
        return asdict(self) | lists | {"taxonomy": self.taxonomy.to_plain()}


def read_origin(checkpoint: Mapping[str, Any], *, path: Path) -> Origin:
    """The origin that a checkpoint carries.

    The config has what rebuilds the model and its data, by group; what a group holds is not checked here.

    Args:
        checkpoint: content of the file.
        path: the file, for messages.

    Raises:
        ConfigError: there is none, or an entry is missing or has another type.
    """
    if ENTRY not in checkpoint:
        raise ConfigError(
            f"checkpoint={path}: expected a checkpoint written by avqa_lit.train; to evaluate published "
            "weights name their model, as in model=avst"
        )
    try:
        read = _Origin.model_validate(checkpoint[ENTRY])
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) if str(part).isprintable() else ascii(part) for part in first["loc"])
        raise ConfigError(
            f"checkpoint={path}: {entry or ENTRY}: {first['msg'][:1].lower()}{first['msg'][1:]}; the file is "
            "damaged, or another version of avqa_lit wrote it"
        ) from error
    try:
        taxonomy = stored_taxonomy(checkpoint[ENTRY])
    except ValueError as error:
        raise ConfigError(
            f"checkpoint={path}: taxonomy: {error}; the file is damaged, or another version of avqa_lit "
            "wrote it"
        ) from error
    return Origin(
        key=read.key,
        checksum=read.checksum,
        config=checkpoint[ENTRY]["config"],  # with its keys in their own order
        answers=tuple(read.answers),
        words=tuple(read.words),
        spec=read.spec,
        taxonomy=taxonomy,
    )


_Count = Annotated[int, Field(ge=1, lt=2**63)]
_Group = dict[str, Any]
# Names of lightning.Trainer that need no further package, and `auto`.
_Precision = Literal[
    "auto", "16-mixed", "bf16-mixed", "32-true", "64-true", "16-true", "bf16-true", "16", "bf16", "32", "64",
    16, 32, 64,
]  # fmt: skip


class _Read(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Trainer(_Read):
    precision: _Precision
    log_every_n_steps: _Count


class _Budget(_Read):
    epochs: _Count
    videos: _Count


class _Config(_Read):
    model: _Group
    question: _Group
    prompt: _Group = Field(default_factory=dict)
    loss: dict[str, _Group]
    optimizer: _Group
    schedule: _Group
    data: _Group
    trainer: _Trainer
    budget: _Budget
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    monitor: str


class _Origin(_Read):
    key: str
    checksum: str
    config: _Config
    answers: list[str]
    words: list[str]
    spec: dict[str, Any]
