"""The answer loss."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.needs import LossNeeds
from avqa_lit.ranges import BelowOne

_IGNORED = -100


class AnswerCrossEntropy(nn.Module):
    r"""Mean cross-entropy of the answers over the questions of a step.

    .. math:: \frac{1}{N} \sum_i w_i \left[(1 - \varepsilon)(-\log p_i(a_i))
        + \varepsilon \, \tfrac1A \textstyle\sum_a -\log p_i(a)\right]

    with N the questions of the step over all processes (`Batch.total`): the sum over processes is the
    same however the questions are split. A question whose answer the train split never gives adds
    nothing to the sum and still counts in N.

    Args:
        label_smoothing: share of the target spread evenly over all answers, at least 0 and below 1.
    """

    @classmethod
    def needs(cls, **options: Any) -> LossNeeds:
        """Neither tokens nor pairs."""
        return LossNeeds()

    def __init__(self, *, label_smoothing: BelowOne = 0.0) -> None:
        super().__init__()
        if not isinstance(label_smoothing, int | float) or not 0 <= label_smoothing < 1:
            raise ConfigError(
                f"loss.answer.label_smoothing is {label_smoothing!r}, expected a number from 0 to below 1"
            )
        self.label_smoothing = label_smoothing

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean cross-entropy."""
        unseen = batch.answer >= output.logits.shape[1]
        # In float32 at least: the sum over answers loses too much in half precision.
        logits = output.logits.to(torch.promote_types(output.logits.dtype, torch.float32))
        losses = F.cross_entropy(
            logits,
            batch.answer.masked_fill(unseen, _IGNORED),
            ignore_index=_IGNORED,
            label_smoothing=self.label_smoothing,
            reduction="none",
        )
        return (batch.weight * losses).sum() / batch.total
