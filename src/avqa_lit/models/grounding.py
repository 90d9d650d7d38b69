"""What a frame shows where it sounds."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

# Below this length a vector counts as this long, as in torch.nn.functional.normalize.
SHORTEST = 1e-12


def ground(
    maps: Float[Tensor, "video frame dim place"], sound: Float[Tensor, "video frame dim"]
) -> Float[Tensor, "video frame dim"]:
    r"""The places of a frame, weighted by how well each agrees with the sound.

    .. math:: g = \sum_p \operatorname{softmax}_p(\hat m_p \cdot \hat a) \, \hat m_p,
        \quad \hat x = x / \lVert x \rVert

    with :math:`m_p` the map at place p and a the sound. The lengths are divided out of scores and weights,
    so that no normalised copy of the maps is made. Of a single place, :math:`g = \hat m`.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072
    """
    lengths = maps.norm(dim=2).clamp_min(SHORTEST)
    scores = (F.normalize(sound, dim=-1)[..., None, :] @ maps).squeeze(-2) / lengths
    weights = scores.softmax(dim=-1) / lengths
    grounded: Tensor = (maps @ weights[..., None]).squeeze(-1)
    return grounded


class Grounding(nn.Module):
    r"""Visual tokens: each frame as a whole, and where it sounds.

    .. math:: W \tanh [\tfrac1P \textstyle\sum_p m_p, \; g] + b

    Args:
        channels: of the maps; `dim` where they have more than one place.
        dim: width of the tokens.
    """

    def __init__(self, *, channels: int, dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(2 * channels, dim)

    def forward(
        self, maps: Float[Tensor, "video frame channel place"], sound: Float[Tensor, "video frame dim"]
    ) -> Float[Tensor, "video frame dim"]:
        """One token a frame."""
        # A single place has all of the attention, whatever sounds.
        grounded = ground(maps, sound) if maps.shape[-1] > 1 else F.normalize(maps[..., 0], dim=-1)
        token: Tensor = self.project(torch.cat([maps.mean(dim=-1), grounded], dim=-1).tanh())
        return token
