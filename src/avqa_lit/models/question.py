"""What a model knows of its questions, whether cached before training or learnt in it."""

from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, DataSpec


@dataclass(frozen=True)
class QuestionFeatures:
    """Questions as vectors.

    Attributes:
        sentence: one vector a question.
        tokens: one vector a word, or piece of a word, as wide as `sentence`; None where they were not
            asked for.
        mask: True where a token is real; None without tokens.
    """

    sentence: Float[Tensor, "batch question_dim"]
    tokens: Float[Tensor, "batch token question_dim"] | None = None
    mask: Bool[Tensor, "batch token"] | None = None


class QuestionModule(Protocol):
    """The part of a model that reads the questions of a batch; an `nn.Module`.

    Attributes:
        dim: width of its vectors.
    """

    dim: int

    def __call__(self, batch: Batch) -> QuestionFeatures:
        """Vectors of every question."""


class CachedQuestion(nn.Module):
    """Hands on what the data have cached; it has no parameters.

    Args:
        spec: shapes of the store.
    """

    def __init__(self, spec: DataSpec) -> None:
        super().__init__()
        self.dim = spec.question

    def forward(self, batch: Batch) -> QuestionFeatures:
        """The cached vectors."""
        return QuestionFeatures(batch.question, batch.question_tokens, batch.question_mask)
