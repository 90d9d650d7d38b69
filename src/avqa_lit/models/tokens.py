"""Tokens of a video before their sums are taken, and questions in the order of the videos they ask about."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from avqa_lit.batch import Batch


@dataclass(frozen=True)
class Tokens:
    r"""Tokens of one modality, :math:`m_{tp} = W x_{tp} + c_t + s_p`, as the parts that they are the sum of.

    Attention is linear in tokens before and behind its softmax, so it need not see the sums.

    Attributes:
        values: x, features of each place p in each time step t.
        weight: W; None where the values are projected already.
        moment: c, with one row for all videos where all share their time stamps.
        place: s; None where there is a single place, whose vector is part of `moment`.
        mask: True where a time step is real.
    """

    values: Float[Tensor, "video time patch input"]
    weight: Float[Tensor, "dim input"] | None
    moment: Float[Tensor, "clock time dim"]
    place: Float[Tensor, "patch dim"] | None
    mask: Bool[Tensor, "video time"]

    @property
    def patches(self) -> int:
        """Tokens a time step."""
        return self.values.shape[2]

    @property
    def number(self) -> int:
        """Tokens a video, padding included."""
        return self.mask.shape[1] * self.patches

    def summed(self) -> Float[Tensor, "video token dim"]:
        """The tokens themselves; those of a time step follow each other."""
        projected = (
            self.values if self.weight is None else torch.nn.functional.linear(self.values, self.weight)
        )
        tokens = projected + self.moment.unsqueeze(2)
        if self.place is not None:
            tokens = tokens + self.place
        return tokens.flatten(1, 2)

    def token_mask(self) -> Bool[Tensor, "video token"]:
        """True where a token is real."""
        return self.mask.repeat_interleave(self.patches, dim=1)


@dataclass(frozen=True)
class ByVideo:
    """Where the questions of a batch stand when they are put beside the video that they ask about.

    So a video's tokens are read where they are, however many questions ask about it, and not copied once
    for each. Other things that look at videos, such as sounds, are seated likewise.

    Attributes:
        videos: number of videos.
        most_asked: seats a video has, as many as its questions where it has most.
        seat: seat of each question, counted over all videos.
    """

    videos: int
    most_asked: int
    seat: Int64[Tensor, " batch"]

    @classmethod
    def of(cls, batch: Batch) -> "ByVideo":
        """Seats in the order of the questions."""
        return cls.seated(batch.video, videos=len(batch.clip), most_asked=batch.most_asked)

    @classmethod
    def seated(cls, video: Int64[Tensor, " batch"], *, videos: int, most_asked: int | None) -> "ByVideo":
        """Seats of what asks these videos, in its order; None has the most frequent video counted."""
        if most_asked is None:
            most_asked = int(video.bincount().max())
        order = video.argsort(stable=True)
        ordered = video[order]
        earlier = torch.arange(len(video), device=video.device) - torch.searchsorted(ordered, ordered)
        seat = torch.empty_like(video).scatter(0, order, ordered * most_asked + earlier)
        return cls(videos, most_asked, seat)

    def spread(self, rows: Float[Tensor, "batch query dim"]) -> Float[Tensor, "video row dim"]:
        """Rows of each question beside its video; empty seats are zero."""
        seats = rows.new_zeros(self.videos * self.most_asked, *rows.shape[1:])
        return seats.index_copy(0, self.seat, rows).reshape(self.videos, -1, rows.shape[-1])

    def collect(self, rows: Float[Tensor, "video row dim"]) -> Float[Tensor, "batch query dim"]:
        """The reverse of `spread`."""
        return rows.reshape(self.videos * self.most_asked, -1, rows.shape[-1]).index_select(0, self.seat)
