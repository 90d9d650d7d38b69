"""Whether a sound and a frame belong to the same video."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput, Pairs
from avqa_lit.errors import ConfigError
from avqa_lit.needs import LossNeeds


def pair_cross_entropy(pairs: Pairs, has_other: Bool[Tensor, " video"]) -> Float[Tensor, " video"]:
    r"""Mean cross-entropy of each video's pairs, in nats.

    .. math:: \frac{1}{2F} \sum_{f=1}^{F} \left( -\log p^{+}_f(1) - \log p^{-}_f(0) \right)

    with :math:`p^{+}_f` the softmax of the true pair of frame f and :math:`p^{-}_f` of the false one; of a
    video that has no other, the mean over the true pairs alone.

    Args:
        pairs: finite scores.
        has_other: whether a video's false pairs are another video's frames.
    """
    true = -pairs.true.log_softmax(dim=-1)[..., 1].mean(dim=1)
    false = -pairs.false.log_softmax(dim=-1)[..., 0].mean(dim=1)
    return torch.where(has_other, (true + false) / 2, true)


class Matching(nn.Module):
    r"""Mean cross-entropy of a model's pairs over the questions of a step.

    .. math:: \frac{1}{N} \sum_v n_v \, \mathrm{CE}_v

    with :math:`n_v` the questions about video v in this batch and N the questions of the step over all
    processes (`Batch.total`): the sum over processes is the same however the questions are split. It is
    the published mean over true and false pairs of all questions' frames.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072; the published code gives it weight 0.5.
    """

    @classmethod
    def needs(cls, **options: Any) -> LossNeeds:
        """The scores of pairs."""
        return LossNeeds(pairs=True)

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean cross-entropy."""
        if output.pairs is None or batch.others is None:
            raise ConfigError(
                "loss.matching tells true pairs of sound and frame from false ones, and this model makes no "
                "pairs: leave the term out of loss=[...], or choose model=avst"
            )
        other = batch.others.video
        own = torch.arange(len(other), device=other.device)
        values = pair_cross_entropy(output.pairs, other != own)
        return (batch.questions_per_video() * values).sum() / batch.total
