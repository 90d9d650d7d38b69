"""What a model knows of its questions, whether cached before training or learnt in it."""

from typing import Protocol

from torch import nn

from avqa_lit.batch import QUESTION, Batch, ModelSpec, Text


class QuestionModule(Protocol):
    """The part of a model that reads the questions of a batch; an `nn.Module`.

    Attributes:
        dim: width of its sentence vectors.
        token_dim: width of its token vectors.
    """

    dim: int
    token_dim: int

    def __call__(self, batch: Batch) -> Text:
        """Vectors of every question, at least in the parts that the model declares."""


class CachedQuestion(nn.Module):
    """Hands on the features that the data have cached; it has no parameters.

    Args:
        spec: widths of the question's features.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.dim = spec.texts[QUESTION].sentence
        self.token_dim = spec.texts[QUESTION].tokens

    def forward(self, batch: Batch) -> Text:
        """The cached vectors."""
        return batch.texts[QUESTION]
