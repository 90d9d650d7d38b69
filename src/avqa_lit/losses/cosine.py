"""Cosine distance between what a clip sounds like and what it looks like."""

from collections.abc import Sequence
from typing import Any, get_args

from jaxtyping import Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.losses.aligned_rows import Level, aligned_rows
from avqa_lit.losses.direction import unit
from avqa_lit.losses.options import check_choice
from avqa_lit.losses.tracks import AUDIO_AND_VISUAL, check_between
from avqa_lit.needs import LossNeeds


def cosine_distance(
    first: Float[Tensor, "*rows dim"], second: Float[Tensor, "*rows dim"]
) -> Float[Tensor, "*rows"]:
    r"""One minus the cosine of the angle between two vectors, over the last axis; from 0 to 2.

    .. math:: 1 - \frac{\langle x, y \rangle}{\|x\| \, \|y\|}

    A zero vector has no direction: its distance from any other is 1, with no gradient.

    Example:
        >>> import torch
        >>> cosine_distance(torch.tensor([1.0, 0.0]), torch.tensor([[2.0, 0.0], [0.0, 1.0], [-3.0, 0.0]]))
        tensor([0., 1., 2.])
    """
    return 1 - (unit(first) * unit(second)).sum(dim=-1)


class Cosine(nn.Module):
    r"""Mean cosine distance between audio and visual tokens over the questions of a step.

    .. math:: \frac{1}{N} \sum_v \frac{n_v}{|P_v|} \sum_{(x, y) \in P_v} (1 - \cos(x, y))

    with :math:`P_v` the pairs of video v (see `aligned_rows`), :math:`n_v` the questions about it in this
    batch and N the questions of the step over all processes: the sum over processes is the same however
    the questions are split.

    Args:
        level: ``clip`` compares the means over time, ``frame`` each moment that both tracks share.
        between: names of the two tracks whose tokens are compared.
    """

    @classmethod
    def needs(cls, *, between: Sequence[str] = AUDIO_AND_VISUAL, **options: Any) -> LossNeeds:
        """The tokens of both tracks."""
        return LossNeeds(tokens=check_between("cosine", between))

    def __init__(self, *, level: Level, between: Sequence[str] = AUDIO_AND_VISUAL) -> None:
        super().__init__()
        self.between = check_between("cosine", between)
        check_choice("loss.cosine.level", level, get_args(Level))
        self.level = level

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean distance."""
        pairs = aligned_rows(output, batch, level=self.level, between=self.between, term="cosine")
        return (pairs.weight * cosine_distance(pairs.audio, pairs.visual)).sum() / batch.total
