"""What models and losses declare that they read and give, before anything is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from avqa_lit.batch import QUESTION
from avqa_lit.errors import ConfigError

TextPart = Literal["sentence", "tokens"]


@dataclass(frozen=True, kw_only=True)
class ModelNeeds:
    """What a model reads of its batches, and what its outputs can hold.

    Attributes:
        tracks: names of the tracks that it reads. It is given these and no others.
        texts: parts of each cached text that it reads, by the text's name, such as
            ``{"question": ("sentence",)}``. A model that reads the question is built with the keyword
            argument ``question``, a module that hands on cached vectors or a question encoder that is
            trained with the model. The prompt, a second text such as the question as a statement, stands in
            ``Batch.texts["prompt"]``.
        tokens: tracks whose tokens its outputs can hold, for alignment losses.
        pairs: whether it can score pairs of sound and frame, with the other videos that this takes.
        features_as_stored: whether it casts features itself; any other model gets them in float32.
    """

    tracks: tuple[str, ...] = ()
    texts: Mapping[str, tuple[TextPart, ...]] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    pairs: bool = False
    features_as_stored: bool = False

    @property
    def question(self) -> tuple[TextPart, ...]:
        """Parts of the question that it reads through the module that it is given."""
        return self.texts.get(QUESTION, ())


@dataclass(frozen=True, kw_only=True)
class LossNeeds:
    """What a loss reads of a model's output.

    Attributes:
        tokens: tracks whose tokens it reads.
        pairs: whether it reads the scores of pairs.
    """

    tokens: tuple[str, ...] = ()
    pairs: bool = False


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one run needs of its data: what its batches carry.

    Attributes:
        tracks: names of the tracks.
        texts: parts of each cached text, by the text's name.
        other_videos: whether batches carry another video for each.
    """

    tracks: tuple[str, ...]
    texts: Mapping[str, tuple[TextPart, ...]]
    other_videos: bool


class DeclaresModelNeeds(Protocol):
    """Class of a model."""

    @classmethod
    def needs(cls, **options: Any) -> ModelNeeds:
        """What the model reads and gives.

        Args:
            options: the arguments that its constructor gets beside `ModelSpec` and ``question``.
        """


class DeclaresLossNeeds(Protocol):
    """Class of a loss term."""

    @classmethod
    def needs(cls, **options: Any) -> LossNeeds:
        """What the term reads.

        Args:
            options: the arguments that its constructor gets.
        """


def needs_of(model: ModelNeeds, losses: Mapping[str, LossNeeds]) -> Needs:
    """What the batches of a run carry.

    Args:
        model: what the model declares.
        losses: what each loss term of positive weight declares, by its name.

    Raises:
        ConfigError: a term that reads what the model does not give.
    """
    for name, needs in losses.items():
        missing = [track for track in needs.tokens if track not in model.tokens]
        if missing:
            raise ConfigError(
                f"loss.{name} compares the tokens of {' and '.join(needs.tokens)}, and this model gives "
                f"{'those of ' + ', '.join(model.tokens) if model.tokens else 'none'}: set "
                f"loss.{name}.weight=0 for this model, or choose a model that reads {' and '.join(missing)}"
            )
        if needs.pairs and not model.pairs:
            raise ConfigError(
                f"loss.{name} tells true pairs of sound and frame from false ones, and this model makes no "
                "pairs: leave the term out of loss=[...], or choose model=avst"
            )
    return Needs(
        tracks=model.tracks,
        texts=model.texts,
        other_videos=any(needs.pairs for needs in losses.values()),
    )
