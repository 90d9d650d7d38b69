"""Attention of a question's query vectors over a video's tokens."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from avqa_lit.batch import Seats
from avqa_lit.errors import ConfigError
from avqa_lit.models.kept_products import KeptProducts
from avqa_lit.models.tokens import Tokens

Form = Literal["folded", "reference"]


class QueryAttention(nn.Module):
    r"""Multi-head attention of queries over the tokens of the video that they ask about.

    .. math::
        \mathrm{out} = W_o \, \mathrm{softmax}\!\left(\frac{(W_q x)(W_k m)^T}{\sqrt{d / h}}\right) W_v m

    with queries x, tokens m, width d and h heads. There is no bias in the key projection: it adds the same
    number to every score of a query, cancels in the softmax and would never get a gradient.

    A question has few queries and a video many tokens :math:`m_t = W f_t + c_t`, so the folded form projects
    no token. Projections change places with the sums over tokens, and the products of weights are taken
    first, with :math:`q = W_q x`:

    .. math::
        q^T W_k m_t = (q^T W_k W) f_t + q^T W_k c_t, \qquad
        \sum_t w_t W_v m_t = W_v W \sum_t w_t f_t + \sum_t w_t W_v c_t .

    This is the same function at a fraction of the cost, dropout of weights included. In evaluation the
    products of weights are taken once. The reference form projects every token, as textbooks do.

    References:
        Attention Is All You Need (Vaswani et al., 2017), https://arxiv.org/abs/1706.03762, section 3.2.
    """

    def __init__(self, *, dim: int, heads: int, dropout: float, form: Form = "folded") -> None:
        super().__init__()
        if dim % heads != 0:
            raise ConfigError(f"model.dim={dim} cannot be split over model.heads={heads}: choose a multiple")
        if form not in ("folded", "reference"):
            raise ConfigError(f"model.attention={form!r}: expected 'folded' or 'reference'")
        self.heads = heads
        self.form = form
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim)
        self.output = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)
        self.products = KeptProducts()
        for projection in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(projection.weight)
        for biased in (self.query, self.value, self.output):
            nn.init.zeros_(biased.bias)

    def forward(
        self,
        queries: Float[Tensor, "batch query dim"],
        tokens: Sequence[Tokens],
        seats: Seats,
        *,
        need_weights: bool,
    ) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch query token"] | None]:
        """What the queries read and, if asked for, where: the attention weights averaged over heads."""
        query = _by_head(seats.spread(self.query(queries)), self.heads)
        attend = self._folded if self.form == "folded" else self._reference
        read, weights = attend(query, tokens, need_weights=need_weights)
        return self.output(seats.collect(read)), None if weights is None else seats.collect(weights)

    def train(self, mode: bool = True) -> Self:
        """As of any module; products of weights are kept for one evaluation at most."""
        self.products.forget()
        return super().train(mode)

    def _folded(
        self, query: Float[Tensor, "video row head depth"], tokens: Sequence[Tokens], *, need_weights: bool
    ) -> tuple[Float[Tensor, "video row dim"], Float[Tensor, "video row token"] | None]:
        query = query * query.shape[-1] ** -0.5
        scores = [_scores(query, one, self.key.weight, self._projection(self.key, one)) for one in tokens]
        mask = torch.cat([one.token_mask() for one in tokens], dim=1)
        weights = _softmax(torch.cat([one.flatten(3) for one in scores], dim=-1), mask)
        parts = self.dropout(weights).split([one.number for one in tokens], dim=-1)
        pooled = [
            _pooled(
                part.reshape(*part.shape[:3], *one.values.shape[1:3]),
                one,
                self.value,
                self._projection(self.value, one),
            )
            for part, one in zip(parts, tokens, strict=True)
        ]
        return torch.stack(pooled).sum(dim=0).flatten(2), weights.mean(dim=2) if need_weights else None

    def _projection(self, layer: nn.Linear, tokens: Tokens) -> Float[Tensor, "dim input"]:
        """From the tokens' values to keys or values."""
        return layer.weight if tokens.weight is None else self.products(layer.weight, tokens.weight)

    def _reference(
        self, query: Float[Tensor, "video row head depth"], tokens: Sequence[Tokens], *, need_weights: bool
    ) -> tuple[Float[Tensor, "video row dim"], Float[Tensor, "video row token"] | None]:
        query = query.transpose(1, 2)
        summed = torch.cat([one.summed() for one in tokens], dim=1)
        mask = torch.cat([one.token_mask() for one in tokens], dim=1)
        key, value = (
            _by_head(projection(summed), self.heads).transpose(1, 2) for projection in (self.key, self.value)
        )
        dropout = self.dropout.p if self.training else 0.0
        read = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None], dropout_p=dropout
        )
        weights = None
        if need_weights:
            scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
            weights = _softmax(scores, mask).mean(dim=1)
        return read.transpose(1, 2).flatten(2), weights


def _scores(
    query: Float[Tensor, "video row head depth"],
    tokens: Tokens,
    key: Float[Tensor, "dim dim"],
    projection: Float[Tensor, "dim input"],
) -> Float[Tensor, "video row head time patch"]:
    """Products of queries and keys, of which none is made."""
    heads = query.shape[2]
    asked = torch.einsum("vrhe,hei->vrhi", query, projection.reshape(heads, -1, projection.shape[-1]))
    scores = asked.flatten(1, 2) @ tokens.values.flatten(1, 2).transpose(1, 2)
    scores = scores.reshape(*query.shape[:3], *tokens.values.shape[1:3])
    moments = _by_head(F.linear(tokens.moment, key), heads)
    scores = scores + torch.einsum("vrhe,vthe->vrht", query, moments).unsqueeze(-1)
    if tokens.place is not None:
        places = _by_head(F.linear(tokens.place, key), heads)
        scores = scores + torch.einsum("vrhe,phe->vrhp", query, places).unsqueeze(-2)
    return scores


def _pooled(
    weights: Float[Tensor, "video row head time patch"],
    tokens: Tokens,
    value: nn.Linear,
    projection: Float[Tensor, "dim input"],
) -> Float[Tensor, "video row head depth"]:
    """Weighted sums of values, of which none is made."""
    heads = weights.shape[2]
    pooled = weights.flatten(3).flatten(1, 2) @ tokens.values.flatten(1, 2)
    pooled = pooled.reshape(*weights.shape[:3], -1)
    read = torch.einsum("vrhi,hei->vrhe", pooled, projection.reshape(heads, -1, projection.shape[-1]))
    moments = _by_head(value(tokens.moment), heads)
    read = read + torch.einsum("vrht,vthe->vrhe", weights.sum(dim=-1), moments)
    if tokens.place is not None:
        places = _by_head(F.linear(tokens.place, value.weight), heads)
        read = read + torch.einsum("vrhp,phe->vrhe", weights.sum(dim=-2), places)
    return read


def _by_head(rows: Tensor, heads: int) -> Tensor:
    return rows.reshape(*rows.shape[:-1], heads, -1)


def _softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Attention weights, in float32 at least."""
    dtype = torch.promote_types(scores.dtype, torch.float32)
    return scores.masked_fill(~mask[:, None, None], float("-inf")).softmax(dim=-1, dtype=dtype)


class CrossAttentionBlock(nn.Module):
    """Cross-attention and feed-forward sublayers with layer norm before (pre) or after (post) each.

    Equal to these two sublayers of `torch.nn.TransformerDecoderLayer`, with ``norm_first`` for pre-LN.

    References:
        On Layer Normalization in the Transformer Architecture (Xiong et al., ICML 2020),
        https://arxiv.org/abs/2002.04745, Figure 1.
    """

    def __init__(
        self,
        *,
        dim: int,
        heads: int,
        hidden: int,
        dropout: float,
        norm: Literal["pre", "post"],
        form: Form = "folded",
    ) -> None:
        super().__init__()
        if norm not in ("pre", "post"):
            raise ConfigError(f"model.norm={norm!r}: expected 'pre' or 'post'")
        self.norm_first = norm == "pre"
        self.attention = QueryAttention(dim=dim, heads=heads, dropout=dropout, form=form)
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
        tokens: Sequence[Tokens],
        seats: Seats,
        *,
        need_weights: bool,
    ) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch query token"] | None]:
        """Updated queries and, if asked for, the attention weights averaged over heads."""
        asking = self.attention_norm(queries) if self.norm_first else queries
        read, weights = self.attention(asking, tokens, seats, need_weights=need_weights)
        if self.norm_first:
            queries = queries + self.dropout(read)
            return queries + self.feed_forward(self.feed_forward_norm(queries)), weights
        queries = self.attention_norm(queries + self.dropout(read))
        return self.feed_forward_norm(queries + self.feed_forward(queries)), weights
