"""Attention of a question's query vectors over a video's tokens."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.errors import ConfigError


class QueryAttention(nn.Module):
    r"""Multi-head attention of queries over the tokens of the video that they ask about.

    .. math::
        \mathrm{out} = W_o \, \mathrm{softmax}\!\left(\frac{(W_q x)(W_k m)^T}{\sqrt{d / h}}\right) W_v m

    with queries x, tokens m, width d and h heads. There is no bias in the key projection: it adds the same
    number to every score of a query, cancels in the softmax and would never get a gradient.

    A question has few queries and a video many tokens, so both projections change places with the sums over
    tokens: :math:`(W_q x)(W_k m)^T = (x^T W_q^T W_k) m` and :math:`\sum_t w_t W_v m_t = W_v \sum_t w_t m_t`.
    This is the same function at a fraction of the cost; dropout of weights included.

    References:
        Attention Is All You Need (Vaswani et al., 2017), https://arxiv.org/abs/1706.03762, section 3.2.
    """

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads != 0:
            raise ConfigError(f"model.dim={dim} cannot be split over model.heads={heads}: choose a multiple")
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)
        for projection in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(projection.weight)
        for biased in (self.query, self.value, self.output):
            nn.init.zeros_(biased.bias)

    def forward(
        self,
        queries: Float[Tensor, "batch query dim"],
        tokens: Float[Tensor, "batch token dim"],
        mask: Bool[Tensor, "batch token"],
    ) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch query token"]]:
        """What the queries read and where, the attention weights averaged over heads."""
        query = self.query(queries).unflatten(-1, (self.heads, -1))
        # [batch, query, head, dim]: the key projection moved from every token to the query.
        asked = torch.einsum(
            "bqhe,hed->bqhd", query, self.key.weight.reshape(self.heads, -1, tokens.shape[-1])
        )
        scores = asked.flatten(1, 2) @ tokens.transpose(1, 2) * query.shape[-1] ** -0.5
        weights = scores.masked_fill(~mask[:, None], float("-inf")).softmax(dim=-1)
        dropped = self.dropout(weights)
        # [batch, query, head, dim]: tokens are pooled first, and the value projection comes behind.
        pooled = (dropped @ tokens).unflatten(1, (-1, self.heads))
        value = self.value.weight.reshape(self.heads, -1, tokens.shape[-1])
        bias = self.value.bias.reshape(self.heads, -1)
        share = dropped.sum(dim=-1, keepdim=True).unflatten(1, (-1, self.heads))
        read = torch.einsum("bqhd,hed->bqhe", pooled, value) + share * bias
        return self.output(read.flatten(-2)), weights.unflatten(1, (-1, self.heads)).mean(dim=2)


class CrossAttentionBlock(nn.Module):
    """Cross-attention and feed-forward sublayers with layer norm before (pre) or after (post) each.

    Equal to these two sublayers of `torch.nn.TransformerDecoderLayer`, with ``norm_first`` for pre-LN.

    References:
        On Layer Normalization in the Transformer Architecture (Xiong et al., ICML 2020),
        https://arxiv.org/abs/2002.04745, Figure 1.
    """

    def __init__(
        self, *, dim: int, heads: int, hidden: int, dropout: float, norm: Literal["pre", "post"]
    ) -> None:
        super().__init__()
        if norm not in ("pre", "post"):
            raise ConfigError(f"model.norm={norm!r}: expected 'pre' or 'post'")
        self.norm_first = norm == "pre"
        self.attention = QueryAttention(dim=dim, heads=heads, dropout=dropout)
        self.attention_norm = nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, dim),
            nn.Dropout(dropout),
        )
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        queries: Float[Tensor, "batch query dim"],
        tokens: Float[Tensor, "batch token dim"],
        mask: Bool[Tensor, "batch token"],
    ) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch query token"]]:
        """Updated queries and the attention weights averaged over heads."""
        if self.norm_first:
            read, weights = self.attention(self.attention_norm(queries), tokens, mask)
            queries = queries + self.dropout(read)
            return queries + self.feed_forward(self.feed_forward_norm(queries)), weights
        read, weights = self.attention(queries, tokens, mask)
        queries = self.attention_norm(queries + self.dropout(read))
        return self.feed_forward_norm(queries + self.feed_forward(queries)), weights


def seconds_embedding(seconds: Float[Tensor, "video time"], dim: int) -> Float[Tensor, "video time dim"]:
    """Sines and cosines of the time in seconds, with periods from 2 to 240 seconds.

    Periods are geometric as in Vaswani et al. (2017), section 3.5, but in seconds instead of row numbers,
    so that tracks of different rates share one clock.
    """
    steps = torch.arange((dim + 1) // 2, device=seconds.device, dtype=seconds.dtype)
    periods = 2.0 * 120.0 ** (steps / max(1, len(steps) - 1))
    angles = 2 * torch.pi * seconds[..., None] / periods
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[..., :dim]
