"""The poster's model: a question's query vectors attend over the concatenated tokens of all tracks."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import QUESTION, Batch, ModelOutput, ModelSpec
from avqa_lit.errors import ConfigError
from avqa_lit.models.attention import CrossAttentionBlock, Form
from avqa_lit.models.question import QuestionModule
from avqa_lit.models.read_tracks import check_tracks
from avqa_lit.models.tokens import Tokens
from avqa_lit.models.track_encoder import TrackEncoder
from avqa_lit.needs import ModelNeeds, TextPart
from avqa_lit.ranges import BelowOne, Count


class CrossAttention(nn.Module):
    """Cross-attention with the question as Q and the tokens of all `tracks` as K and V.

    With the tracks of one modality alone it is the ablation that shows what the other modality adds.

    References:
        Simple Modality Alignment for Audio-Visual QA (Ko, poster, Purdue University): Q, K, V and the norm
        placement. Widths, heads, blocks and the number of queries are our choice; the poster names none.

    Args:
        spec: shapes of the tracks, and sizes of the vocabularies.
        question: reads the questions.
        tracks: names of the tracks that are attended.
        norm: layer norm before ("pre") or after ("post") each sublayer.
        dim: width of tokens and queries.
        heads: attention heads.
        blocks: how often the queries attend.
        queries: number of query vectors made of a question's sentence vector; or "words": each word of the
            question is a query, and the answer is read from their mean.
        hidden: width of the feed-forward sublayer.
        dropout: probability in attention weights and after each sublayer, in [0, 1).
        attention: "folded", or "reference" for the textbook form of the same function, which is slower.
    """

    @classmethod
    def needs(cls, *, tracks: Sequence[str], queries: int | Literal["words"], **options: Any) -> ModelNeeds:
        """The tracks, and of the question its sentence vector or its tokens."""
        part: TextPart = "tokens" if queries == "words" else "sentence"
        read = check_tracks(tracks)
        return ModelNeeds(tracks=read, texts={QUESTION: (part,)}, tokens=read, features_as_stored=True)

    def __init__(
        self,
        spec: ModelSpec,
        *,
        question: QuestionModule,
        tracks: Sequence[str],
        norm: Literal["pre", "post"],
        dim: Count,
        heads: Count,
        blocks: Count,
        queries: Count | Literal["words"],
        hidden: Count,
        dropout: BelowOne,
        attention: Form = "folded",
    ) -> None:
        super().__init__()
        self.gives_tokens = spec.gives_tokens
        if blocks < 1:
            raise ConfigError(f"model.blocks={blocks}: expected 1 or more")
        if queries != "words" and (not isinstance(queries, int) or queries < 1):
            raise ConfigError(f"model.queries={queries}: expected 1 or more, or words")
        self.has_word_queries = queries == "words"
        self.vectors = 1 if isinstance(queries, str) else queries
        self.encoders = nn.ModuleDict(
            {name: TrackEncoder(spec.tracks[name].row_shape, dim=dim) for name in check_tracks(tracks)}
        )
        self.question = question
        width = question.token_dim if self.has_word_queries else question.dim
        self.queries = nn.Linear(width, self.vectors * dim)
        self.blocks = nn.ModuleList(
            CrossAttentionBlock(
                dim=dim, heads=heads, hidden=hidden, dropout=dropout, norm=norm, form=attention
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(dim) if norm == "pre" else nn.Identity()
        self.answer = nn.Linear(self.vectors * dim, spec.answers)

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question, the last block's attention, and tokens if a loss reads them."""
        encoded = {
            name: encoder(batch.tracks[name], with_track=self.gives_tokens)
            for name, encoder in self.encoders.items()
        }
        tokens = {name: track_tokens for name, (track_tokens, _) in encoded.items()}
        queries, asked = self._queries(batch)
        for block in self.blocks:
            queries, weights = block(
                queries, list(tokens.values()), batch.seats, need_weights=block is self.blocks[-1]
            )
        queries = self.norm(queries)
        read = _mean(queries, asked) if self.has_word_queries else queries.flatten(1)
        return ModelOutput(
            logits=self.answer(read),
            tokens={name: projected for name, (_, projected) in encoded.items() if projected is not None},
            attention=_split_attention(_mean(weights, asked), tokens),
        )

    def _queries(self, batch: Batch) -> tuple[Float[Tensor, "batch query dim"], Bool[Tensor, "batch query"]]:
        """Query vectors of each question, and which of them are real."""
        question = self.question(batch)
        if self.has_word_queries:
            # A query reads alone, so padded ones need no mask until their mean is taken.
            assert question.tokens is not None  # as declared
            assert question.mask is not None
            return self.queries(question.tokens), question.mask
        assert question.sentence is not None
        queries = self.queries(question.sentence).unflatten(-1, (self.vectors, -1))
        return queries, torch.ones(queries.shape[:2], dtype=torch.bool, device=queries.device)


def _mean(
    values: Float[Tensor, "batch query any"], mask: Bool[Tensor, "batch query"]
) -> Float[Tensor, "batch any"]:
    """Mean over the real queries; zero where there are none."""
    share = mask.to(values.dtype)
    share = share / share.sum(dim=1, keepdim=True).clamp(min=1)
    return (share[..., None] * values).sum(dim=1)


def _split_attention(
    weights: Float[Tensor, "batch token"], tokens: dict[str, Tokens]
) -> dict[str, Float[Tensor, "batch time"]]:
    """Attention on each track's time steps, patches summed."""
    parts = torch.split(weights, [track_tokens.number for track_tokens in tokens.values()], dim=1)
    return {
        name: part.reshape(len(part), -1, track_tokens.patches).sum(dim=-1)
        for part, (name, track_tokens) in zip(parts, tokens.items(), strict=True)
    }
