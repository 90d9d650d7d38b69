"""How much of each slot's matter a track holds, when, where and of what kind."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avqa_lit.batch import Track
from avqa_lit.models.track_encoder import patches_of, places

# Rows that a slot's mean counts beside those that its gate lets through, so that a slot which finds nothing
# has a mean of about zero.
_NOTHING = 0.1


@dataclass(frozen=True)
class Pooled:
    """What the slots took of a track.

    Attributes:
        evidence: of each slot.
        gates: how far each slot opened at each place in each time step, from 0 to 1; 0 where padded.
        hidden: the rows that the gates have seen.
    """

    evidence: Float[Tensor, "video slot evidence"]
    gates: Float[Tensor, "video time patch slot"]
    hidden: Float[Tensor, "video time patch dim"]


class GatedPooling(nn.Module):
    r"""Pools a track into slots by gates that open independently of each other.

    Of a row :math:`h_{tp} = \mathrm{GELU}(W x_{tp})`, slot k takes a gate :math:`g = \sigma(a_k^T h + b_k)`
    and channels :math:`u = U_k h`. Its evidence is

    .. math::
        \frac{\sum_t \beta_j(t) \, g_{tp} [1, u_{tp}]}{\sum_t \beta_j(t)}
        \quad \text{for each place p and part j of the time, and} \quad
        \frac{\sum_{tp} g_{tp} u_{tp}}{\epsilon + \sum_{tp} g_{tp}} .

    A softmax would tell what is there, but not how much. The first are amounts: a slot knows how long,
    how often and in which order; the second tells of what kind, however long. The parts :math:`\beta_j`
    are hat functions over the length of each video, hence relative time.

    References:
        NetVLAD (Arandjelovic et al., CVPR 2016), https://arxiv.org/abs/1511.07247, section 3.1, sums over
        places by soft assignment; there by a softmax over slots, here by a gate for each.

    Args:
        row_shape: shape of one row.
        dim: width of the rows that the gates see.
        slots: number of slots.
        channels: numbers that a slot reads of each row beside its gate.
        bins: parts of the time, 1 for none.

    Attributes:
        evidence: width of a slot's evidence.
    """

    def __init__(self, row_shape: tuple[int, ...], *, dim: int, slots: int, channels: int, bins: int) -> None:
        super().__init__()
        self.row_shape = row_shape
        self.slots = slots
        self.bins = bins
        self.hidden = nn.Sequential(nn.Linear(patches_of(row_shape)[1], dim), nn.GELU())
        self.gate = nn.Linear(dim, slots)
        self.read = nn.Linear(dim, slots * channels)
        self.evidence = bins * patches_of(row_shape)[0] * (1 + channels) + channels
        # Gates that start half open everywhere would all be one.
        nn.init.normal_(self.gate.weight, std=dim**-0.5)

    def forward(self, track: Track) -> Pooled:
        """Evidence of every slot."""
        hidden = self.hidden(places(track, self.row_shape))
        real = track.mask[:, :, None, None]
        gates = self.gate(hidden).sigmoid() * real
        read = self.read(hidden).unflatten(-1, (self.slots, -1)) * gates[..., None]
        parts = time_parts(track, self.bins).to(gates.dtype).transpose(1, 2)
        taken = torch.cat([gates[..., None], read], dim=-1)
        amounts = (parts @ taken.flatten(2)).reshape(len(taken), self.bins, *taken.shape[2:])
        kinds = read.sum(dim=(1, 2)) / (gates.sum(dim=(1, 2)) + _NOTHING)[..., None]
        evidence = torch.cat([amounts.permute(0, 3, 1, 2, 4).flatten(2), kinds], dim=-1)
        return Pooled(evidence, gates, hidden)


def time_parts(track: Track, bins: int) -> Float[Tensor, "video time bin"]:
    """Weights of the rows in the mean of each part of a video's time; zero where padded.

    The hats stand evenly from the first row to the last; neighbours overlap by half.
    """
    mask, device = track.mask, track.mask.device
    length = mask.sum(dim=1, keepdim=True)
    place = torch.arange(mask.shape[1], device=device) / (length - 1).clamp(min=1) * (bins - 1)
    distance = place[..., None] - torch.arange(bins, device=device)
    hats = (1 - distance.abs()).clamp(min=0) * mask[..., None]
    # With fewer rows than bins, a part without a row is zero.
    return hats / hats.sum(dim=1, keepdim=True).clamp(min=1e-6)
