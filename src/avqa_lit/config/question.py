"""How a run gets its questions: features that the store caches, or a module trained with the model."""

from collections.abc import Sequence
from typing import Any

from hydra.utils import get_object, instantiate
from torch import nn

from avqa_lit.batch import ModelSpec
from avqa_lit.config.build import build
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.text_features import QuestionEncoder
from avqa_lit.data.texts import TextFeatures
from avqa_lit.data.token_features import TokenEncoder
from avqa_lit.errors import ConfigError
from avqa_lit.models.question import CachedQuestion
from avqa_lit.needs import ModelNeeds, TextPart


class Question:
    """The question encoder that a config names.

    A class with a method ``encode`` turns texts into features, which a store caches. An `nn.Module` without
    such a method is a part of the model and trained with it; like a model, it takes a `ModelSpec` first.

    Args:
        node: the group `question` of a config.

    Attributes:
        encoder: encodes texts; None where the question encoder is trained.
        name: the encoder's name in results.
    """

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        target = get_object(node["_target_"])
        trained = isinstance(target, type) and issubclass(target, nn.Module) and not hasattr(target, "encode")
        self.encoder: QuestionEncoder | None = None if trained else build(node)
        self.name: str = target.__name__ if self.encoder is None else self.encoder.name

    def check(self, model: ModelNeeds) -> None:
        """Refuse an encoder that cannot give what the model reads.

        Raises:
            ConfigError: the model reads no question features and the encoder would be trained, or it reads
                tokens and the encoder gives none.
        """
        if self.encoder is None:
            if not model.question:
                raise ConfigError(
                    f"question encoder {self.name} is trained with the model, but this model reads no "
                    "features of the question; choose an encoder whose features are cached, as "
                    "question=hashing, or another model"
                )
        elif "tokens" in model.question and not isinstance(self.encoder, TokenEncoder):
            raise ConfigError(
                f"question encoder {self.name} encodes whole questions, but the model reads their words, as "
                "with model.queries=words; give it a method encode_tokens, or choose another"
            )

    def module(self, spec: ModelSpec) -> nn.Module:
        """The part of a model that reads questions."""
        if self.encoder is not None:
            return CachedQuestion(spec)
        module: nn.Module = instantiate(self.node, _partial_=True, _convert_="all")(spec)
        return module

    def features(self, store: FeatureStore, parts: Sequence[TextPart]) -> TextFeatures:
        """Cached features of the questions of a store, in these parts."""
        assert self.encoder is not None
        index = {split: table.text for split, table in store.splits.items()}
        sentence = store.text_features(self.encoder) if "sentence" in parts else None
        if "tokens" not in parts:
            return TextFeatures(index, sentence)
        assert isinstance(self.encoder, TokenEncoder)
        return TextFeatures(index, sentence, store.token_features(self.encoder))
