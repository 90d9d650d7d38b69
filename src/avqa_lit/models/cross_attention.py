"""The poster's model: a question's query vectors attend over concatenated audio and visual tokens."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, DataSpec, ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.models.attention import CrossAttentionBlock, Form
from avqa_lit.models.question import QuestionModule
from avqa_lit.models.tokens import ByVideo, Tokens
from avqa_lit.models.track_encoder import TrackEncoder


class CrossAttention(nn.Module):
    """Cross-attention with the question as Q and the tokens of all `modalities` as K and V.

    With one modality alone it is the ablation that shows what the other adds.

    References:
        Simple Modality Alignment for Audio-Visual QA (Ko, poster, Purdue University): Q, K, V and the norm
        placement. Widths, heads, blocks and the number of queries are our choice; the poster names none.

    Args:
        spec: shapes of the store.
        question: reads the questions.
        modalities: what is attended, of "audio" and "visual".
        norm: layer norm before ("pre") or after ("post") each sublayer.
        dim: width of tokens and queries.
        heads: attention heads.
        blocks: how often the queries attend.
        queries: number of query vectors made of a question's sentence vector; or "words": each word of the
            question is a query, and the answer is read from their mean.
        hidden: width of the feed-forward sublayer.
        dropout: probability in attention weights and after each sublayer, in [0, 1).
        attention: "folded", or "reference" for the textbook form of the same function, which is slower.

    Attributes:
        gives_tracks: whether outputs hold the projected tracks, which alignment losses read.
    """

    reads_stored_features = True

    def __init__(
        self,
        spec: DataSpec,
        *,
        question: QuestionModule,
        modalities: Sequence[Literal["audio", "visual"]],
        norm: Literal["pre", "post"],
        dim: int,
        heads: int,
        blocks: int,
        queries: int | Literal["words"],
        hidden: int,
        dropout: float,
        attention: Form = "folded",
    ) -> None:
        super().__init__()
        self.gives_tracks = True
        if not modalities or not set(modalities) <= {"audio", "visual"}:
            raise ConfigError(f"model.modalities={list(modalities)}: expected audio, visual or both")
        if blocks < 1:
            raise ConfigError(f"model.blocks={blocks}: expected 1 or more")
        if queries != "words" and (not isinstance(queries, int) or queries < 1):
            raise ConfigError(f"model.queries={queries}: expected 1 or more, or words")
        self.reads_question_tokens = queries == "words"
        self.vectors = 1 if isinstance(queries, str) else queries
        shapes = {"audio": spec.audio, "visual": spec.visual}
        self.encoders = nn.ModuleDict({name: TrackEncoder(shapes[name], dim=dim) for name in modalities})
        self.question = question
        self.queries = nn.Linear(question.dim, self.vectors * dim)
        self.blocks = nn.ModuleList(
            CrossAttentionBlock(
                dim=dim, heads=heads, hidden=hidden, dropout=dropout, norm=norm, form=attention
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(dim) if norm == "pre" else nn.Identity()
        self.answer = nn.Linear(self.vectors * dim, spec.answers)

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question, the last block's attention, and the tracks if a loss reads them."""
        tracks = {"audio": batch.audio, "visual": batch.visual}
        encoded = {
            name: encoder(tracks[name], with_track=self.gives_tracks)
            for name, encoder in self.encoders.items()
        }
        tokens = {name: one for name, (one, _) in encoded.items()}
        seats = ByVideo.of(batch)
        queries, asked = self._queries(batch)
        for block in self.blocks:
            queries, weights = block(
                queries, list(tokens.values()), seats, need_weights=block is self.blocks[-1]
            )
        queries = self.norm(queries)
        attention = _split_attention(_mean(weights, asked), tokens)
        read = _mean(queries, asked) if self.reads_question_tokens else queries.flatten(1)
        projected = {name: track for name, (_, track) in encoded.items()}
        return ModelOutput(
            logits=self.answer(read),
            audio=projected.get("audio"),
            visual=projected.get("visual"),
            audio_attention=attention.get("audio"),
            visual_attention=attention.get("visual"),
        )

    def _queries(self, batch: Batch) -> tuple[Float[Tensor, "batch query dim"], Bool[Tensor, "batch query"]]:
        """Query vectors of each question, and which of them are real."""
        question = self.question(batch)
        if self.reads_question_tokens:
            # A query reads alone, so padded ones need no mask until their mean is taken.
            assert question.tokens is not None  # served to whoever has reads_question_tokens
            assert question.mask is not None
            return self.queries(question.tokens), question.mask
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
    """Attention on each modality's time steps, patches summed."""
    parts = torch.split(weights, [one.number for one in tokens.values()], dim=1)
    return {
        name: part.reshape(len(part), -1, one.patches).sum(dim=-1)
        for part, (name, one) in zip(parts, tokens.items(), strict=True)
    }
