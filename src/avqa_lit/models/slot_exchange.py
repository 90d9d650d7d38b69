"""Attention of a video's slots to each other."""

from jaxtyping import Float
from torch import Tensor, nn


class SlotExchange(nn.Module):
    r"""Self-attention and feed-forward sublayers, each with layer norm before it, at half the usual width.

    .. math::
        x' = x + W_o \, \mathrm{attention}(W_{qkv} \, \mathrm{LN}(x)), \qquad
        y = x' + W_2 \, \mathrm{GELU}(W_1 \, \mathrm{LN}(x'))

    with d / 2 numbers in queries, keys and values. Slots have no order, and the same weights
    serve all of them.

    References:
        On Layer Normalization in the Transformer Architecture (Xiong et al., ICML 2020),
        https://arxiv.org/abs/2002.04745, Figure 1.

    Args:
        dim: width of slots, twice a multiple of `heads`.
        heads: attention heads.
    """

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(dim)
        self.project = nn.Linear(dim, 3 * dim // 2)
        self.output = nn.Linear(dim // 2, dim)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim)
        )

    def forward(self, slots: Float[Tensor, "video slot dim"]) -> Float[Tensor, "video slot dim"]:
        """The slots after they have seen each other."""
        projected = self.project(self.attention_norm(slots)).unflatten(-1, (3, self.heads, -1))
        query, key, value = projected.permute(2, 0, 3, 1, 4)
        # With few slots of few numbers, plain products are faster than fused attention.
        weights = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(dim=-1)
        slots = slots + self.output((weights @ value).transpose(1, 2).flatten(2))
        mixed: Tensor = slots + self.feed_forward(slots)
        return mixed
