"""Tokens of a video before their sums are taken."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Tokens:
    r"""Tokens of one track, :math:`m_{tp} = W x_{tp} + c_t + s_p`, as the parts that they are the sum of.

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
