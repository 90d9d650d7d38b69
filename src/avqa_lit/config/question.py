"""How a run gets its questions: features that the store caches, or a module trained with the model."""

from typing import TYPE_CHECKING, Any

from hydra.utils import get_object, instantiate
from torch import nn

from avqa_lit.config.build import build
from avqa_lit.data.text_features import QuestionEncoder
from avqa_lit.data.token_features import TokenEncoder
from avqa_lit.errors import ConfigError
from avqa_lit.models.question import CachedQuestion

if TYPE_CHECKING:
    from avqa_lit.batch import DataSpec
    from avqa_lit.data.datamodule import AVQADataModule


class Question:
    """The question encoder that a config names.

    What has a method ``encode`` turns texts into features, which a store caches. An `nn.Module` without it
    is a part of the model and trained with it; like a model, it takes a `DataSpec` first.

    Args:
        node: the group `question` of a config.

    Attributes:
        encoder: what encodes texts; None where the question encoder is trained.
        name: what results call it.
    """

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        target = get_object(node["_target_"])
        trained = isinstance(target, type) and issubclass(target, nn.Module) and not hasattr(target, "encode")
        self.encoder: QuestionEncoder | None = None if trained else build(node)
        self.name: str = target.__name__ if self.encoder is None else self.encoder.name

    def module(self, spec: "DataSpec") -> nn.Module:
        """The part of a model that reads questions."""
        if self.encoder is not None:
            return CachedQuestion(spec)
        module: nn.Module = instantiate(self.node, _partial_=True, _convert_="all")(spec)
        return module

    def serve_tokens(self, model: nn.Module, data: "AVQADataModule") -> None:
        """Let every batch of `data` carry the cached words of its questions if `model` reads them.

        Raises:
            ConfigError: the model reads words, and the encoder gives none.
        """
        if self.encoder is None or not getattr(model, "reads_question_tokens", False):
            return
        if not isinstance(self.encoder, TokenEncoder):
            raise ConfigError(
                f"question encoder {self.name} encodes whole questions, but the model reads their words, as "
                "with model.queries=words; give it a method encode_tokens, or choose another"
            )
        data.token_features = data.store.token_features(self.encoder, dim=data.spec.question)
