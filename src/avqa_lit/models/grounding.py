"""What a frame shows where it sounds."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

# Below this length a vector counts as this long, as in torch.nn.functional.normalize.
SHORTEST = 1e-12


def ground(
    maps: Float[Tensor, "video frame dim place"], sounds: Float[Tensor, "video frame sound dim"]
) -> tuple[Float[Tensor, "video frame dim"], Float[Tensor, "video frame sound dim"]]:
    r"""The mean of a frame's places, and for each sound their sum, weighted by how well each agrees with it.

    .. math:: g = \sum_p \operatorname{softmax}_p(\hat m_p \cdot \hat a) \, \hat m_p,
        \quad \hat x = x / \lVert x \rVert

    with :math:`m_p` the map at place p and a the sound. The lengths are divided out of scores and weights,
    so that no normalised copy of the maps is made, and the maps are read once for the mean and all sounds.
    Of a single place, :math:`g = \hat m`.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072
    """
    # A video's squares stay in the processor's cache; those of all videos at once do not.
    squares = torch.stack([one.square().sum(dim=1) for one in maps])
    lengths = squares.sqrt().clamp_min(SHORTEST)[..., None, :]
    scores = F.normalize(sounds, dim=-1) @ maps / lengths
    mean = torch.full_like(lengths, 1 / maps.shape[-1])
    taken = torch.cat([mean, scores.softmax(dim=-1) / lengths], dim=-2) @ maps.transpose(-1, -2)
    return taken[..., 0, :], taken[..., 1:, :]


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
            whole = maps[..., 0]
            grounded = F.normalize(whole, dim=-1)[..., None, :].expand(*sounds.shape[:3], -1)
        token: Tensor = self.project(
            torch.cat([whole[..., None, :].expand_as(grounded), grounded], dim=-1).tanh()
        )
        return token
