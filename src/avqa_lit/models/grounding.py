"""What a frame shows where it sounds."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

# Below this length a vector counts as this long, as in torch.nn.functional.normalize.
SHORTEST = 1e-12


class _Reading(torch.autograd.Function):
    """What sounds of length 1 read in the maps of their frames, which are data and get no gradient."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, maps: Float[Tensor, "frame dim place"], sounds: Float[Tensor, "frame sound dim"]
    ) -> tuple[Float[Tensor, "frame dim"], Float[Tensor, "frame sound dim"]]:
        lengths = sounds.new_empty(len(maps), 1, maps.shape[-1])
        scores = sounds.new_empty(len(maps), sounds.shape[1], maps.shape[-1])
        for seen, heard, score, length in _in_pieces(maps, sounds, scores, lengths):
            torch.bmm(heard, seen, out=score)
            torch.sum(seen.square_(), dim=1, keepdim=True, out=length)
        lengths.sqrt_().clamp_min_(SHORTEST)
        weights = (scores / lengths).softmax(dim=-1)
        mean = torch.full_like(lengths, 1 / maps.shape[-1])
        read = _times(torch.cat([mean, weights / lengths], dim=1), maps.mT)
        ctx.save_for_backward(maps, lengths, weights)
        return read[:, 0], read[:, 1:]

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, _: Tensor, read: Float[Tensor, "frame sound dim"]
    ) -> tuple[None, Float[Tensor, "frame sound dim"]]:
        maps, lengths, weights = ctx.saved_tensors
        by_weight = _times(read, maps) / lengths
        by_score = weights * (by_weight - (weights * by_weight).sum(dim=-1, keepdim=True))
        return None, _times(by_score / lengths, maps.mT)


def _times(
    rows: Float[Tensor, "frame row inner"], maps: Float[Tensor, "frame inner column"]
) -> Float[Tensor, "frame row column"]:
    """Products with maps as they are stored, in the precision of `rows`."""
    products = rows.new_empty(*rows.shape[:2], maps.shape[2])
    for seen, own, product in _in_pieces(maps, rows, products):
        torch.bmm(own, seen, out=product)
    return products


def _in_pieces(maps: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Maps cast to the precision of the others, which are cut likewise.

    A processor is given a frame a thread, one after the other in the same memory, which stays in its cache;
    all maps of a batch would be fetched from memory at each use. A GPU takes them at once.
    """
    at_once = torch.get_num_threads() if maps.device.type == "cpu" else len(maps)
    buffer = torch.empty_like(maps[:at_once], dtype=others[0].dtype)
    for piece, *own in zip(*(torch.split(one, at_once) for one in (maps, *others)), strict=True):
        yield buffer[: len(piece)].copy_(piece), *own


def ground(
    maps: Float[Tensor, "video frame dim place"], sounds: Float[Tensor, "video frame sound dim"]
) -> tuple[Float[Tensor, "video frame dim"], Float[Tensor, "video frame sound dim"]]:
    r"""The mean of a frame's places, and for each sound their sum, weighted by how well each agrees with it.

    .. math:: g = \sum_p \operatorname{softmax}_p(\hat m_p \cdot \hat a) \, \hat m_p,
        \quad \hat x = x / \lVert x \rVert

    with :math:`m_p` the map at place p and a the sound. The lengths are divided out of scores and weights,
    so that no normalised copy of the maps is made, and the maps are read once for the mean and all sounds.
    Of a single place, :math:`g = \hat m`. It is computed in float32 at least, from maps as they are stored.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072
    """
    assert not maps.requires_grad, "maps are data: no gradient goes to them"
    full = torch.promote_types(sounds.dtype, torch.float32)
    heard = F.normalize(sounds.to(full), dim=-1)
    with torch.autocast(maps.device.type, enabled=False):
        mean, read = _Reading.apply(  # type: ignore[no-untyped-call]
            maps.flatten(0, 1), heard.flatten(0, 1)
        )
    return mean.unflatten(0, maps.shape[:2]), read.unflatten(0, maps.shape[:2])


class Grounding(nn.Module):
    r"""Visual tokens: each frame as a whole, and where it sounds.

    .. math:: W \tanh [\tfrac1P \textstyle\sum_p m_p, \; g] + b

    Args:
        channels: of the maps.
        dim: width of the sounds and of the tokens. Where it is another than `channels`, a linear layer, which
            the published code has no need of, brings the sound to the maps' width for the comparison.
        has_places: whether frames are maps of several places.
    """

    def __init__(self, *, channels: int, dim: int, has_places: bool) -> None:
        super().__init__()
        self.has_places = has_places
        self.project = nn.Linear(2 * channels, dim)
        compared = has_places and channels != dim
        self.compare = nn.Linear(dim, channels, bias=False) if compared else nn.Identity()

    def forward(
        self, maps: Float[Tensor, "video frame channel place"], sounds: Float[Tensor, "video frame sound dim"]
    ) -> Float[Tensor, "video frame sound dim"]:
        """One token for each frame and each sound that looks at it."""
        if self.has_places:
            whole, grounded = ground(maps, self.compare(sounds))
        else:  # a single place has all of the attention, whatever sounds
            whole = maps[..., 0].to(torch.promote_types(maps.dtype, torch.float32))
            grounded = F.normalize(whole, dim=-1)[..., None, :].expand(*sounds.shape[:3], -1)
        token: Tensor = self.project(
            torch.cat([whole[..., None, :].expand_as(grounded), grounded], dim=-1).tanh()
        )
        return token
