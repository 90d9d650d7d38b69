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
        self, maps: Float[Tensor, "video frame channel place"], sound: Float[Tensor, "video frame dim"]
    ) -> Float[Tensor, "video frame dim"]:
        """One token a frame."""
        # A single place has all of the attention, whatever sounds.
        grounded = ground(maps, self.compare(sound)) if self.has_places else F.normalize(maps[..., 0], dim=-1)
        token: Tensor = self.project(torch.cat([maps.mean(dim=-1), grounded], dim=-1).tanh())
        return token
