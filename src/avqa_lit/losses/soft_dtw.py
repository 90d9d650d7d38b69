"""Soft dynamic time warping between what a clip sounds like and what it looks like."""

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from avqa_lit.batch import Batch, ModelOutput, Track
from avqa_lit.losses.common_time import in_order_of_time
from avqa_lit.losses.direction import unit
from avqa_lit.losses.options import check_choice, check_number
from avqa_lit.losses.tracks import AUDIO_AND_VISUAL, check_between, compared_tracks
from avqa_lit.needs import LossNeeds
from avqa_lit.ranges import NonNegative, Positive

Cost = Literal["squared_euclidean", "cosine"]


def soft_dtw(
    cost: Float[Tensor, "series first second"],
    first_length: Int64[Tensor, " series"],
    second_length: Int64[Tensor, " series"],
    *,
    gamma: float,
) -> Float64[Tensor, " series"]:
    r"""Soft minimum, over all alignments of two series, of the sum of the costs along an alignment.

    .. math:: -\gamma \log \sum_{A} \exp\left(-\tfrac1\gamma \sum_{(i, j) \in A} c_{ij}\right)

    An alignment goes from the first row of both series to the last of both, by steps of one row in either or
    in both. Computed in float64, all cells of an anti-diagonal of all series at once.

    References:
        Soft-DTW: a Differentiable Loss Function for Time-Series (Cuturi and Blondel, ICML 2017),
        https://arxiv.org/abs/1703.01541

    Args:
        cost: cost of matching row i of the first series with row j of the second; finite.
        first_length: real rows of each first series, 1 or more.
        second_length: real rows of each second series, 1 or more.
        gamma: above 0; towards 0 the soft minimum becomes the minimum.
    """
    ends = (first_length, second_length)
    value: Tensor = _SoftDTW.apply(cost.double(), *ends, gamma)  # type: ignore[no-untyped-call]
    return value


def soft_dtw_divergence(
    first: Float[Tensor, "series first dim"],
    second: Float[Tensor, "series second dim"],
    first_length: Int64[Tensor, " series"],
    second_length: Int64[Tensor, " series"],
    *,
    gamma: float,
) -> Float64[Tensor, " series"]:
    r"""Soft-DTW of two series under squared Euclidean cost, without the bias that it has between equals.

    .. math:: D(x, y) = \mathrm{sdtw}(x, y) - \tfrac12 \mathrm{sdtw}(x, x) - \tfrac12 \mathrm{sdtw}(y, y)

    Zero between equal series, where soft-DTW itself is negative and not at its minimum.

    References:
        Differentiable Divergences Between Time Series (Blondel et al., AISTATS 2021),
        https://arxiv.org/abs/2010.08354

    Args:
        first: one series of each comparison; rows beyond its length are not read.
        second: the other series.
        first_length: real rows of each first series, 1 or more.
        second_length: real rows of each second series, 1 or more.
        gamma: see `soft_dtw`.
    """
    split, longest = first.shape[1], max(first.shape[1], second.shape[1])
    x, y = slice(None, split), slice(split, None)
    distances = _squared_distances(torch.cat([first, second], dim=1).double())
    costs = [distances[:, one, other] for one, other in ((x, y), (x, x), (y, y))]
    # All three in one sweep: its time goes into the number of anti-diagonals.
    costs = [F.pad(cost, (0, longest - cost.shape[2], 0, longest - cost.shape[1])) for cost in costs]
    between, within_first, within_second = soft_dtw(
        torch.cat(costs),
        torch.cat([first_length, first_length, second_length]),
        torch.cat([second_length, first_length, second_length]),
        gamma=gamma,
    ).chunk(3)
    return between - (within_first + within_second) / 2


def track_divergence(
    audio: Track, visual: Track, *, gamma: float, cost: Cost, seconds_weight: float
) -> Float[Tensor, " video"]:
    r"""Soft-DTW divergence between the tracks of each video, over the mean of their lengths.

    Rows are taken in the order of their time stamps. An alignment of two tracks of equal length that stays on
    the diagonal has as many steps as the tracks have rows, so the value is about a cost a row, whatever the
    lengths. A video in which one track has no row has nothing to compare: 0, with no gradient.

    Args:
        audio: audio tokens; real rows are finite and as wide as the visual ones.
        visual: visual tokens of the same videos.
        gamma: see `soft_dtw`; in units of the cost.
        cost: ``squared_euclidean``, or ``cosine``: half the squared distance of the rows scaled to length 1,
            which is one minus their cosine.
        seconds_weight: cost of matching rows that are one second apart, growing with the square; 0 lets
            any moment match any other, as long as their order is kept.
    """
    series = [_points(track.in_full_precision(), cost, seconds_weight) for track in (audio, visual)]
    lengths = [track.mask.sum(dim=1) for track in (audio, visual)]
    values = soft_dtw_divergence(*series, *(length.clamp(min=1) for length in lengths), gamma=gamma)
    comparable = (lengths[0] > 0) & (lengths[1] > 0)
    return torch.where(comparable, values * 2 / (lengths[0] + lengths[1]).clamp(min=1), 0.0).to(
        torch.promote_types(audio.values.dtype, torch.float32)
    )


class SoftDTW(nn.Module):
    r"""Mean soft-DTW divergence between audio and visual tokens over the questions of a step.

    .. math:: \frac{1}{N} \sum_v n_v \, \frac{2 D(x_v, y_v)}{|x_v| + |y_v|}

    with :math:`n_v` the questions about video v in this batch and N the questions of the step over all
    processes: the sum over processes is the same however the questions are split.

    Args:
        gamma: smoothness, in units of the cost; above 0.
        cost: ``squared_euclidean`` or ``cosine``; see `track_divergence`.
        seconds_weight: cost of a squared second between matched rows; 0 or more.
        between: names of the two tracks whose tokens are compared.
    """

    @classmethod
    def needs(cls, *, between: Sequence[str] = AUDIO_AND_VISUAL, **options: Any) -> LossNeeds:
        """The tokens of both tracks."""
        return LossNeeds(tokens=check_between("soft_dtw", between))

    def __init__(
        self,
        *,
        gamma: Positive,
        cost: Cost,
        seconds_weight: NonNegative,
        between: Sequence[str] = AUDIO_AND_VISUAL,
    ) -> None:
        super().__init__()
        self.between = check_between("soft_dtw", between)
        check_number("loss.soft_dtw.gamma", gamma)
        check_choice("loss.soft_dtw.cost", cost, get_args(Cost))
        check_number("loss.soft_dtw.seconds_weight", seconds_weight, zero=True)
        self.gamma = gamma
        self.cost: Cost = cost
        self.seconds_weight = seconds_weight

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's mean divergence."""
        audio, visual = compared_tracks(output, self.between, term="soft_dtw")
        values = track_divergence(
            audio, visual, gamma=self.gamma, cost=self.cost, seconds_weight=self.seconds_weight
        )
        return (batch.questions_per_video() * values).sum() / batch.total


class _SoftDTW(torch.autograd.Function):
    """The gradient of a cost is the probability that an alignment goes through its cell.

    It flows back from the last cells, to each of the three cells before one in the proportion in which they
    reached it. Cells beyond a series' lengths lie behind its last cell and get nothing.
    """

    @staticmethod
    def forward(ctx: Any, cost: Tensor, first_length: Tensor, second_length: Tensor, gamma: float) -> Tensor:
        # A border in front of the first rows; series last, so that a cell is one piece of memory.
        score = F.pad(cost.permute(1, 2, 0) / -gamma, (0, 0, 1, 0, 1, 0))
        total = _sweep(score)
        end = (first_length, second_length, torch.arange(len(cost), device=cost.device))
        ctx.save_for_backward(score, total, *end)
        return -gamma * total[end]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        score, total, *end = ctx.saved_tensors
        through = torch.zeros_like(score)
        through[tuple(end)] = gradient
        cells, totals, reached = (one.flatten(0, 1) for one in (through, total, total - score))
        parts = {back: (totals[:-back] - reached[back:]).exp() for back in _steps_back(score)}
        for diagonal in reversed(_diagonals(score)):
            for back, part in parts.items():
                cells[_moved(diagonal, back)] += cells[diagonal] * part[_moved(diagonal, back)]
        return through[1:, 1:].permute(2, 0, 1).contiguous(), None, None, None


def _sweep(score: Float64[Tensor, "first second series"]) -> Float64[Tensor, "first second series"]:
    """Log-sum over alignments, up to each cell, of the exponential of the scores along an alignment."""
    total = torch.full_like(score, -torch.inf)
    total[0, 0] = 0.0  # from here the first cell is reached
    cells, scores = total.flatten(0, 1), score.flatten(0, 1)
    for diagonal in _diagonals(score):
        above, left, before = (cells[_moved(diagonal, back)] for back in _steps_back(score))
        cells[diagonal] = scores[diagonal] + torch.logaddexp(torch.logaddexp(above, left), before)
    return total


def _diagonals(bordered: Tensor) -> list[slice]:
    """Anti-diagonals behind the border, from first to last, in an array whose two cell axes are flattened."""
    first, second = bordered.shape[0] - 1, bordered.shape[1] - 1
    ends = ((max(1, total - second), min(first, total - 1), total) for total in range(2, first + second + 1))
    return [slice(top * second + total, bottom * second + total + 1, second) for top, bottom, total in ends]


def _steps_back(bordered: Tensor) -> tuple[int, int, int]:
    """How far in front of a flattened cell the three lie from which it can be reached."""
    return bordered.shape[1], 1, bordered.shape[1] + 1


def _moved(cells: slice, back: int) -> slice:
    return slice(cells.start - back, cells.stop - back, cells.step)


def _squared_distances(points: Float64[Tensor, "series point dim"]) -> Float64[Tensor, "series point point"]:
    products = points @ points.transpose(1, 2)
    squares = products.diagonal(dim1=1, dim2=2)
    return squares[:, :, None] + squares[:, None, :] - 2 * products


def _points(track: Track, cost: Cost, seconds_weight: float) -> Float[Tensor, "video time point"]:
    """Rows in the order of time, as points whose squared distance is the cost of matching them."""
    seconds, order = in_order_of_time(track)
    video = torch.arange(len(order), device=order.device)[:, None]
    real = seconds.isfinite()[:, :, None]
    values = track.values[video, order].masked_fill(~real, 0.0)
    if cost == "cosine":
        values = unit(values) / math.sqrt(2)
    if seconds_weight > 0:
        clock = math.sqrt(seconds_weight) * seconds[:, :, None].masked_fill(~real, 0.0)
        values = torch.cat([values, clock.to(values.dtype)], dim=2)
    return values
