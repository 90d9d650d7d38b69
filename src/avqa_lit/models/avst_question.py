"""The question encoder of AVST."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from avqa_lit.batch import PADDING_WORD, UNKNOWN_WORD
from avqa_lit.errors import ConfigError


class PaddedQuestion(nn.Module):
    r"""An LSTM over a question's words and the padding behind them.

    .. math:: W \tanh [h, c] + b

    with h and c the last hidden and cell state after `length` words. The published encoder reads padding
    as a word like others, which its weights have learned; a question is padded to the same length here.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072, class `QstEncoder` of the published code.

    Args:
        words: words of the vocabulary; padding and unknown words share the row before them.
        dim: width of embeddings, states and output.
        length: words a question, padding included.
    """

    def __init__(self, *, words: int, dim: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.embed = nn.Embedding(words + 1, dim)
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.project = nn.Linear(2 * dim, dim)

    def forward(self, words: Int64[Tensor, "batch word"]) -> Float[Tensor, "batch dim"]:
        """One vector a question.

        Raises:
            ConfigError: a question of more than `length` words.
        """
        longest = words.shape[1]
        if longest > self.length:
            raise ConfigError(
                f"model.question_length={self.length}: a question has {longest} words; "
                f"set model.question_length={longest} or more"
            )
        # Published vocabularies have no unknown word: padding is 0, and words count from 1.
        ids = F.pad((words - UNKNOWN_WORD).clamp(min=PADDING_WORD), (0, self.length - longest))
        _, (hidden, cell) = self.lstm(self.embed(ids).tanh())
        vector: Tensor = self.project(torch.cat([hidden[0], cell[0]], dim=-1).tanh())
        return vector
