"""Tokens of one modality: projected features with their place in time and space."""

from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avqa_lit.batch import Track
from avqa_lit.errors import DataError
from avqa_lit.models.tokens import Tokens


class TrackEncoder(nn.Module):
    """Projects vectors ``[dim]``, patches ``[patch, dim]`` or maps ``[dim, height, width]`` to tokens.

    The projection is linear, so that it can be folded into the attention that reads the tokens.
    """

    def __init__(self, row_shape: tuple[int, ...], *, dim: int) -> None:
        super().__init__()
        self.row_shape = row_shape
        self.patches, width = patches_of(row_shape)
        self.project = nn.Linear(width, dim)
        self.clock = nn.Linear(dim, dim, bias=False)
        # One vector for each place; with a single place it is the modality's embedding.
        self.place = nn.Parameter(torch.randn(self.patches, dim) * 0.3)

    def forward(self, track: Track, *, with_track: bool) -> tuple[Tokens, Track | None]:
        """Tokens of every distinct video, with the sums left to the attention that reads them.

        If asked for, the projected features alone as well, one row a time step (mean of its patches).
        """
        features = places(track, self.row_shape)
        seconds = track.seconds
        if seconds.stride(0) == 0:  # one row that all videos share
            seconds = seconds[:1]
        embedding = seconds_embedding(seconds, self.project.out_features).to(self.clock.weight.dtype)
        moment = self.clock(embedding) + self.project.bias
        place: Tensor | None = self.place
        if self.patches == 1:
            moment, place = moment + self.place, None
        tokens = Tokens(features, self.project.weight, moment, place, track.mask)
        if not with_track:
            return tokens, None
        # The mean first: the projection is linear.
        return tokens, Track(self.project(features.mean(dim=2)), track.mask, track.seconds)


def patches_of(row_shape: tuple[int, ...]) -> tuple[int, int]:
    """Number of places in a row, and how wide the features of each are.

    Raises:
        DataError: a shape that is none of the three.
    """
    if not 1 <= len(row_shape) <= 3:
        raise DataError(
            f"a feature row of shape {list(row_shape)}: expected [dim], [patch, dim] or [dim, height, width]"
        )
    if len(row_shape) == 3:
        return prod(row_shape[1:]), row_shape[0]
    return (1 if len(row_shape) == 1 else row_shape[0]), row_shape[-1]


def places(track: Track, row_shape: tuple[int, ...]) -> Float[Tensor, "video time patch input"]:
    """Features of each place in each time step, from a track as it is stored."""
    values = track.in_full_precision().values
    if torch.is_autocast_enabled(values.device.type):
        # Once here, and not in every block: autocast keeps what it casts of parameters alone.
        values = values.to(torch.get_autocast_dtype(values.device.type))
    if len(row_shape) == 3:
        return values.flatten(-2).transpose(-1, -2)
    return values.unsqueeze(-2) if len(row_shape) == 1 else values


def seconds_embedding(seconds: Float[Tensor, "video time"], dim: int) -> Float[Tensor, "video time dim"]:
    """Sines and cosines of the time in seconds, with periods from 2 to 240 seconds.

    Periods are geometric as in Vaswani et al. (2017), section 3.5, but in seconds instead of row numbers,
    so that tracks of different rates share one clock.
    """
    steps = torch.arange((dim + 1) // 2, device=seconds.device, dtype=seconds.dtype)
    periods = 2.0 * 120.0 ** (steps / max(1, len(steps) - 1))
    angles = 2 * torch.pi * seconds[..., None] / periods
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[..., :dim]
