"""A fixed number of frames of each video, chosen by time."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from avqa_lit.batch import Track


def evenly_spaced_rows(mask: Bool[Tensor, "video time"], *, frames: int) -> Int64[Tensor, "video frame"]:
    r"""Rows that divide each video's own length into equal parts; a shorter video repeats rows.

    .. math:: r_i = \lfloor i \, n / f \rfloor, \quad i = 0 \dots f - 1

    with n the real rows of the video and f the frames. Of 60 rows, 10 frames are every sixth row.

    Example:
        >>> evenly_spaced_rows(torch.ones(1, 7, dtype=torch.bool), frames=3).tolist()
        [[0, 2, 4]]
    """
    steps = torch.arange(frames, device=mask.device) * mask.sum(dim=1, keepdim=True) // frames
    real_first = (~mask).to(torch.uint8).argsort(dim=1, stable=True)
    return real_first.gather(1, steps)


def nearest_rows(track: Track, seconds: Float[Tensor, "video frame"]) -> Int64[Tensor, "video frame"]:
    """Real rows of a track that start nearest to these moments; of two as near, the earlier row."""
    distance = (track.seconds[:, None] - seconds[..., None]).abs()
    return distance.masked_fill(~track.mask[:, None], torch.inf).argmin(dim=-1)


def take_rows(track: Track, rows: Int64[Tensor, "video frame"]) -> Track:
    """The track at these rows; not copied where it has just them, which a GPU is not asked."""
    if rows.device.type == "cpu" and rows.shape == track.mask.shape and _in_order(rows):
        return track
    video = torch.arange(len(rows), device=rows.device)[:, None]
    return Track(track.values[video, rows], track.mask.gather(1, rows), track.seconds.gather(1, rows))


def _in_order(rows: Int64[Tensor, "video frame"]) -> bool:
    return bool((rows == torch.arange(rows.shape[1])).all())
