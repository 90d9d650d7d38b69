"""Two tracks of unequal length and rate, brought to one time grid."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from avqa_lit.batch import Track


def on_common_time(
    first: Track, second: Track
) -> tuple[
    Float[Tensor, "video grid *first_row"],
    Float[Tensor, "video grid *second_row"],
    Bool[Tensor, "video grid"],
]:
    """Values of both tracks at the same moments, and a mask of the moments that both tracks reach.

    The grid of a video is the time stamps of its coarser track (larger mean spacing; of equal spacings,
    the one that starts earlier) from the later of the two first stamps to the earlier of the two last
    ones. The coarser track keeps its values there; the finer one is interpolated linearly between its
    two neighbouring rows, and never beyond its ends. A video whose tracks share no moment has an empty
    row in the mask. Swapping the tracks swaps the values and keeps the grid.

    Args:
        first: one modality of each video, with finite values.
        second: the other modality of the same videos.
    """
    first_seconds, first_order = in_order_of_time(first)
    second_seconds, second_order = in_order_of_time(second)
    longest = max(first_seconds.shape[1], second_seconds.shape[1])
    grid = torch.where(
        _is_coarser(first_seconds, second_seconds)[:, None],
        _lengthen(first_seconds, longest),
        _lengthen(second_seconds, longest),
    )
    start = torch.maximum(first_seconds[:, :1], second_seconds[:, :1])
    end = torch.minimum(_last(first_seconds), _last(second_seconds))
    shared = (grid >= start) & (grid <= end)
    return (
        _interpolate(first.values, first_seconds, first_order, grid),
        _interpolate(second.values, second_seconds, second_order, grid),
        shared,
    )


def in_order_of_time(track: Track) -> tuple[Float[Tensor, "video time"], Int64[Tensor, "video time"]]:
    """Sorted time stamps with infinity for masked rows, and the row that each stamp belongs to."""
    ordered: tuple[Tensor, Tensor] = track.seconds.masked_fill(~track.mask, torch.inf).sort(
        dim=1, stable=True
    )
    return ordered


def _last(seconds: Tensor) -> Tensor:
    """Last finite stamp of each video, minus infinity where it has none, with the time axis kept."""
    return seconds.masked_fill(seconds.isinf(), -torch.inf).amax(dim=1, keepdim=True)


def _is_coarser(first: Tensor, second: Tensor) -> Tensor:
    """Whether a video's first track has the larger mean spacing; of equal ones, starts no later."""
    spacings = []
    for seconds in (first, second):
        rows = seconds.isfinite().sum(dim=1)
        spacing = (_last(seconds)[:, 0] - seconds[:, 0]) / (rows - 1).clamp(min=1)
        spacings.append(spacing.masked_fill(rows < 2, torch.inf))
    return (spacings[0] > spacings[1]) | ((spacings[0] == spacings[1]) & (first[:, 0] <= second[:, 0]))


def _lengthen(seconds: Tensor, length: int) -> Tensor:
    padding = seconds.new_full((seconds.shape[0], length - seconds.shape[1]), torch.inf)
    return torch.cat([seconds, padding], dim=1)


def _interpolate(values: Tensor, seconds: Tensor, order: Tensor, grid: Tensor) -> Tensor:
    """Values at the moments of `grid`; those of the nearest row where the track does not reach."""
    right = torch.searchsorted(seconds, grid.contiguous(), right=True)
    final = (seconds.isfinite().sum(dim=1, keepdim=True) - 1).clamp(min=0)
    left = torch.minimum((right - 1).clamp(min=0), final)
    right = torch.minimum(right, final)
    gap = seconds.gather(1, right) - seconds.gather(1, left)
    share = (grid - seconds.gather(1, left)) / gap
    share = torch.where((gap > 0) & share.isfinite(), share, 0.0).to(values.dtype)
    video = torch.arange(len(values), device=values.device)[:, None]
    before, after = values[video, order.gather(1, left)], values[video, order.gather(1, right)]
    return torch.lerp(before, after, share.reshape(share.shape + (1,) * (values.dim() - 2)))
