"""Divergence between what a clip sounds like and what it looks like."""

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput, Track
from avqa_lit.losses.aligned_rows import Level
from avqa_lit.losses.common_time import on_common_time
from avqa_lit.losses.options import check_choice, check_number
from avqa_lit.losses.tracks import AUDIO_AND_VISUAL, check_between, compared_tracks, time_mean
from avqa_lit.needs import LossNeeds
from avqa_lit.ranges import Positive

Direction = Literal["forward", "reverse", "symmetric", "jensen_shannon"]
Axis = Literal["dim", "time"]


def divergence(
    log_p: Float[Tensor, "*rows event"], log_q: Float[Tensor, "*rows event"], *, direction: Direction
) -> Float[Tensor, "*rows"]:
    r"""Divergence of two discrete distributions in nats, over the last axis.

    .. math::
        \text{forward} &= \mathrm{KL}(P \| Q) = \sum_i p_i (\log p_i - \log q_i) \\
        \text{reverse} &= \mathrm{KL}(Q \| P) \\
        \text{symmetric} &= \tfrac12 \mathrm{KL}(P \| Q) + \tfrac12 \mathrm{KL}(Q \| P) \\
        \text{jensen\_shannon} &= \tfrac12 \mathrm{KL}(P \| M) + \tfrac12 \mathrm{KL}(Q \| M),
        \quad M = \tfrac12 (P + Q)

    Everything is computed from log-probabilities, so a probability that underflows to zero leaves value
    and gradient finite.

    References:
        On Information and Sufficiency (Kullback and Leibler, 1951),
        https://doi.org/10.1214/aoms/1177729694

        Divergence Measures Based on the Shannon Entropy (Lin, 1991), https://doi.org/10.1109/18.61115

    Args:
        log_p: finite log-probabilities of P.
        log_q: finite log-probabilities of Q.
        direction: which of the four; ``jensen_shannon`` is bounded by log 2.

    Example:
        >>> p, q = torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log()
        >>> round(divergence(p, q, direction="forward").item(), 4)  # log 2 - log(3) / 2
        0.1438
    """
    if direction == "forward":
        return _kl(log_p, log_q)
    if direction == "reverse":
        return _kl(log_q, log_p)
    if direction == "symmetric":
        return (_kl(log_p, log_q) + _kl(log_q, log_p)) / 2
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return (_kl(log_p, log_m) + _kl(log_q, log_m)) / 2


def video_divergence(
    audio: Track, visual: Track, *, direction: Direction, temperature: float, axis: Axis, level: Level
) -> Float[Tensor, " video"]:
    r"""Divergence between the audio and the visual track of each video; P is audio and Q is visual.

    Both are softmaxes of the tracks' values over one axis, divided by the temperature first:

    ======  ===========================================  =================================================
    axis    level ``clip``: one distribution a video     level ``frame``: the mean over
    ======  ===========================================  =================================================
    `dim`   of the mean over each track's own time       common moments, of distributions over features
    `time`  over common moments, of the mean feature     features, of distributions over common moments
    ======  ===========================================  =================================================

    Common moments come from the time stamps (`on_common_time`), never from row numbers. A video whose
    tracks share no moment, or in which one track has no row, has nothing to compare: 0, with no gradient.

    The temperature only softens the distributions: values are not multiplied by its square, as
    distillation does (Hinton et al., 2015, https://arxiv.org/abs/1503.02531), so compare loss weights
    at one temperature.

    Args:
        audio: audio tokens; values are finite and as wide as the visual ones.
        visual: visual tokens of the same videos.
        direction: see `divergence`.
        temperature: above 0; larger is softer.
        axis: what the softmax runs over.
        level: whether a clip is compared as a whole or piece by piece.
    """
    audio, visual = audio.in_full_precision(), visual.in_full_precision()
    if axis == "dim" and level == "clip":
        log_p, log_q = (_log_softmax(time_mean(track), temperature) for track in (audio, visual))
        comparable = audio.mask.any(dim=1) & visual.mask.any(dim=1)
        return divergence(log_p, log_q, direction=direction) * comparable

    p, q, shared = on_common_time(audio, visual)
    if axis == "dim":
        log_p, log_q = _log_softmax(p, temperature), _log_softmax(q, temperature)
        frames = divergence(log_p, log_q, direction=direction) * shared
        return frames.sum(dim=1) / shared.sum(dim=1).clamp(min=1)

    if level == "clip":
        p, q = p.mean(dim=2, keepdim=True), q.mean(dim=2, keepdim=True)
    log_p, log_q = (_log_softmax(values.transpose(1, 2), temperature, shared[:, None]) for values in (p, q))
    return divergence(log_p, log_q, direction=direction).mean(dim=1) * shared.any(dim=1)


class KL(nn.Module):
    r"""Mean divergence between audio and visual tokens over the questions of a step.

    .. math:: \frac{1}{N} \sum_v n_v \, D(P_v, Q_v)

    with :math:`n_v` the questions about video v in this batch and N the questions of the step over all
    processes (`Batch.total`): the sum over processes is the same however the questions are split.

    Args:
        direction: forward is KL(audio || visual), reverse is KL(visual || audio); see `divergence`.
        temperature: divides the values before the softmax; above 0.
        axis: ``dim`` or ``time``, what the softmax runs over; see `video_divergence`.
        level: ``clip`` or ``frame``.
        between: names of the two tracks whose tokens are compared.
    """

    @classmethod
    def needs(cls, *, between: Sequence[str] = AUDIO_AND_VISUAL, **options: Any) -> LossNeeds:
        """The tokens of both tracks."""
        return LossNeeds(tokens=check_between("kl", between))

    def __init__(
        self,
        *,
        direction: Direction,
        temperature: Positive,
        axis: Axis,
        level: Level,
        between: Sequence[str] = AUDIO_AND_VISUAL,
    ) -> None:
        super().__init__()
        self.between = check_between("kl", between)
        check_choice("loss.kl.direction", direction, get_args(Direction))
        check_choice("loss.kl.axis", axis, get_args(Axis))
        check_choice("loss.kl.level", level, get_args(Level))
        check_number("loss.kl.temperature", temperature)
        self.direction = direction
        self.temperature = temperature
        self.axis = axis
        self.level = level

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean divergence."""
        audio, visual = compared_tracks(output, self.between, term="kl")
        values = video_divergence(
            audio,
            visual,
            direction=self.direction,
            temperature=self.temperature,
            axis=self.axis,
            level=self.level,
        )
        return (batch.questions_per_video() * values).sum() / batch.total


def _kl(log_p: Tensor, log_q: Tensor) -> Tensor:
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def _log_softmax(values: Tensor, temperature: float, mask: Bool[Tensor, "..."] | None = None) -> Tensor:
    """Log-probabilities over the last axis; masked events get probability zero and a finite logarithm."""
    logits = values / temperature
    if mask is not None:
        logits = logits.masked_fill(~mask, torch.finfo(logits.dtype).min)
    return logits.log_softmax(dim=-1)
