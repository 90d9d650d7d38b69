"""How a run gets its questions: features that the store caches, or a module trained with the model."""

from typing import Any

from hydra.utils import get_object, instantiate
from torch import nn

from avqa_lit.batch import QUESTION, ModelSpec
from avqa_lit.config.build import build
from avqa_lit.config.cached_text import CachedText
from avqa_lit.data.question_files import QuestionFiles
from avqa_lit.data.text_features import QuestionEncoder
from avqa_lit.errors import ConfigError
from avqa_lit.models.question import CachedQuestion
from avqa_lit.needs import ModelNeeds


class Question:
    """The question encoder that a config names.

    A class with a method ``encode`` turns texts into features, which a store caches, and `QuestionFiles`
    reads them from files. An `nn.Module` without such a method is a part of the model and trained with it;
    like a model, it takes a `ModelSpec` first.

    Args:
        node: the group `question` of a config.

    Attributes:
        cached: the question and what gives its features; None where the question encoder is trained.
    """

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        self.cached = None if is_trained(node) else CachedText(QUESTION, build(node))

    @property
    def encoder(self) -> QuestionEncoder | QuestionFiles | None:
        """Gives the features; None where the question encoder is trained."""
        return None if self.cached is None else self.cached.encoder

    @property
    def name(self) -> str:
        """The encoder's name in results."""
        return str(get_object(self.node["_target_"]).__name__) if self.cached is None else self.cached.name

    def check(self, model: ModelNeeds) -> None:
        """Refuse an encoder that cannot give what the model reads.

        Raises:
            ConfigError: the model reads no question features and the encoder would be trained, or it reads
                parts that the encoder does not give.
        """
        if self.cached is not None:
            self.cached.check(model.question)
        elif not model.question:
            raise ConfigError(
                f"question encoder {self.name} is trained with the model, but this model reads no "
                "features of the question; choose an encoder whose features are cached, as "
                "question=hashing, or another model"
            )

    def module(self, spec: ModelSpec) -> nn.Module:
        """The part of a model that reads questions."""
        if self.cached is not None:
            return CachedQuestion(spec)
        module: nn.Module = instantiate(self.node, _partial_=True, _convert_="all")(spec)
        return module


def is_trained(node: dict[str, Any]) -> bool:
    """Whether a node names a question encoder that is trained with the model."""
    target = get_object(node["_target_"])
    return isinstance(target, type) and issubclass(target, nn.Module) and not hasattr(target, "encode")
