"""Tokens of one modality: projected features with their place in time and space."""

from dataclasses import dataclass
from math import prod

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Track
from avqa_lit.errors import DataError
from avqa_lit.models.attention import seconds_embedding


@dataclass(frozen=True)
class EncodedTrack:
    """One modality as tokens for attention and as a track for alignment losses.

    Attributes:
        tokens: projected features plus time, place and modality embeddings; patches follow each other
            within a time step.
        mask: True where a token is real.
        track: projected features alone, one row a time step (mean of its patches).
        patches: number of tokens a time step.
    """

    tokens: Float[Tensor, "video token dim"]
    mask: Bool[Tensor, "video token"]
    track: Track
    patches: int


class TrackEncoder(nn.Module):
    """Projects vectors ``[dim]``, patches ``[patch, dim]`` or maps ``[dim, height, width]`` to tokens.

    The projection is linear, so that it can be folded into the attention that reads the tokens.
    """

    def __init__(self, row_shape: tuple[int, ...], *, dim: int) -> None:
        super().__init__()
        if not 1 <= len(row_shape) <= 3:
            raise DataError(
                f"a feature row of shape {list(row_shape)}: expected [dim], [patch, dim] or "
                "[dim, height, width]"
            )
        self.row_shape = row_shape
        self.patches = {1: 1, 2: row_shape[0], 3: prod(row_shape[1:])}[len(row_shape)]
        self.project = nn.Linear(row_shape[0] if len(row_shape) == 3 else row_shape[-1], dim)
        self.clock = nn.Linear(dim, dim, bias=False)
        # One vector for each place; with a single place it is the modality's embedding.
        self.place = nn.Parameter(torch.randn(self.patches, dim) * 0.3)

    def forward(self, track: Track) -> EncodedTrack:
        """Tokens and projected track of every distinct video."""
        values = track.values
        if len(self.row_shape) == 3:
            values = values.flatten(-2).transpose(-1, -2)
        elif len(self.row_shape) == 1:
            values = values.unsqueeze(-2)
        content = self.project(values)
        clock = self.clock(seconds_embedding(track.seconds, content.shape[-1]).to(content.dtype))
        tokens = (content + clock.unsqueeze(-2) + self.place).flatten(1, 2)
        return EncodedTrack(
            tokens=tokens,
            mask=track.mask.repeat_interleave(self.patches, dim=1),
            track=Track(content.mean(dim=-2), track.mask, track.seconds),
            patches=self.patches,
        )
