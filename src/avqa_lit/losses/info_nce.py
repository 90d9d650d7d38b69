"""Contrastive loss: a video's own sound is told from that of other videos, and its picture likewise."""

from collections.abc import Sequence
from typing import Any, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.losses.aligned_rows import AlignedRows, Level, aligned_rows
from avqa_lit.losses.direction import unit
from avqa_lit.losses.options import check_choice, check_number
from avqa_lit.losses.tracks import AUDIO_AND_VISUAL, check_between
from avqa_lit.needs import LossNeeds
from avqa_lit.ranges import Positive


def info_nce(pairs: AlignedRows, step: AlignedRows, *, temperature: float) -> Float[Tensor, " row"]:
    r"""Symmetric InfoNCE of each pair against the other videos of the step, in nats.

    .. math::
        \ell_i &= \tfrac12 \left[c(x_i, y_i; Y) + c(y_i, x_i; X)\right] \\
        c(x_i, y_i; Y) &= -\log \frac{e^{s(x_i, y_i)}}
            {e^{s(x_i, y_i)} + \sum_{u \ne v(i)} \sum_{j \in u} m_j \, e^{s(x_i, y_j)}},
        \qquad s(x, y) = \frac{\cos(x, y)}{\tau}

    with x audio, y visual, v(i) the video of pair i, and :math:`m_j` the part that pair j has in its video's
    weight. So every other video counts once, however many questions, processes or moments it comes with,
    and no pair of the same video is a negative. With one video there is nothing to tell apart: 0.

    References:
        Representation Learning with Contrastive Predictive Coding (van den Oord et al., 2018),
        https://arxiv.org/abs/1807.03748

        Learning Transferable Visual Models From Natural Language Supervision (Radford et al., 2021),
        https://arxiv.org/abs/2103.00020: both ways, over cosines.

    Args:
        pairs: pairs to be told from others.
        step: pairs of the whole step, `pairs` among them.
        temperature: divides the cosines; above 0, smaller is sharper.
    """
    others = pairs.clip[:, None] != step.clip
    _, video = step.clip.unique(return_inverse=True)  # type: ignore[no-untyped-call]
    weight_of_video = torch.zeros_like(step.weight).index_add(0, video, step.weight)
    part = (step.weight / weight_of_video[video]).log()
    x, y = unit(pairs.audio), unit(pairs.visual)
    # Under autocast the cosines would be rounded to half precision before the temperature magnifies them.
    with torch.autocast(x.device.type, enabled=False):
        to_visual = x @ unit(step.visual).T / temperature + part
        to_audio = y @ unit(step.audio).T / temperature + part
    own = (x * y).sum(dim=-1) / temperature
    return (_contrast(own, to_visual, others) + _contrast(own, to_audio, others)) / 2


class InfoNCE(nn.Module):
    r"""Mean InfoNCE over the questions of a step, against the distinct videos of all processes.

    .. math:: \frac{1}{N} \sum_i w_i \, \ell_i

    with :math:`w_i` the questions about the video of pair i, shared evenly by its pairs, and N the questions
    of the step over all processes. Value and gradient are the same however the questions are split.

    Args:
        temperature: divides the cosines; above 0.
        level: ``clip`` contrasts the means over time. ``frame`` contrasts each moment that both tracks
            share with the moments of other videos; other moments of the same video, which mostly look and
            sound alike, are no negatives.
        between: names of the two tracks whose tokens are compared.
    """

    @classmethod
    def needs(cls, *, between: Sequence[str] = AUDIO_AND_VISUAL, **options: Any) -> LossNeeds:
        """The tokens of both tracks."""
        return LossNeeds(tokens=check_between("info_nce", between))

    def __init__(
        self, *, temperature: Positive, level: Level, between: Sequence[str] = AUDIO_AND_VISUAL
    ) -> None:
        super().__init__()
        self.between = check_between("info_nce", between)
        check_number("loss.info_nce.temperature", temperature)
        check_choice("loss.info_nce.level", level, get_args(Level))
        self.temperature = temperature
        self.level = level

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean."""
        pairs = aligned_rows(output, batch, level=self.level, between=self.between, term="info_nce")
        values = info_nce(pairs, pairs.of_all_processes(), temperature=self.temperature)
        return (pairs.weight * values).sum() / batch.total


def _contrast(
    own: Float[Tensor, " row"], scores: Float[Tensor, "row all_row"], others: Bool[Tensor, "row all_row"]
) -> Float[Tensor, " row"]:
    candidates = torch.cat([own[:, None], scores.masked_fill(~others, -torch.inf)], dim=1)
    return candidates.logsumexp(dim=1) - own
