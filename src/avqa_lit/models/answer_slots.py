"""A model that looks for every possible answer in the video before it reads the question."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from avqa_lit.batch import PADDING_WORD, UNKNOWN_WORD, Batch, ModelOutput, ModelSpec, Seats, Track
from avqa_lit.errors import ConfigError
from avqa_lit.models.attention import CrossAttentionBlock, QueryAttention
from avqa_lit.models.gated_pooling import GatedPooling, Pooled
from avqa_lit.models.read_tracks import check_tracks
from avqa_lit.models.tokens import Tokens
from avqa_lit.needs import ModelNeeds
from avqa_lit.ranges import BelowOne, Count, NonNegative


class AnswerSlots(nn.Module):
    r"""Find, then read: a slot for each answer, which the question's words ask and the answer points at.

    1. **Find.** All `tracks` are pooled into one slot for each answer (`GatedPooling`), of
       both modalities at once: slot "cello" comes to hold when and how loud it sounds, and where it is seen.
       One small network reads the evidence of all slots, so what is learnt of one instrument holds for all.
    2. **Read.** Each word of the question attends to the slots, an LSTM reads what the words found in both
       directions, and its last state attends to the slots once more: what two words found can be compared.
    3. **Answer.** A slot's logit is a bias which the question alone gives and its product with the question.

    A slot's name is a vector of its own plus the embeddings of its answer's words, which are those of the
    question's words: a "cello" that is asked for and one that is the answer are learnt together. Nothing
    else is known of the answers, and of the data no more than widths.

    With the tracks of one modality alone it is the ablation that shows what the other modality adds.

    References:
        Object-Centric Learning with Slot Attention (Locatello et al., NeurIPS 2020),
        https://arxiv.org/abs/2006.15055: slots between features and reasoning; ours do not compete.

        Learning Answer Embeddings for Visual Question Answering (Hu et al., CVPR 2018),
        https://arxiv.org/abs/1806.03724, equation 1: answers as vectors, a logit as a product.

        Compositional Attention Networks for Machine Reasoning (Hudson and Manning, ICLR 2018),
        https://arxiv.org/abs/1803.03067: steps of control and reading.

    Args:
        spec: shapes of the tracks, and sizes of the vocabularies.
        tracks: names of the tracks that are pooled.
        dim: width of slots, words and states.
        heads: attention heads.
        hidden: width of the feed-forward sublayers.
        channels: numbers that a slot reads of each row beside how much of it there is.
        audio_bins: parts of the time in which a slot sums what it hears, in each audio track.
        visual_bins: parts of the time in which a slot sums what it sees, in each visual track.
        evidence_noise: in training each number of a slot's evidence is multiplied by a draw from a normal
            distribution of mean 1 and this standard deviation, 0 or more: a video that is known by its exact
            numbers can be learnt by heart (Gaussian dropout: Srivastava et al., JMLR 2014, section 10,
            https://jmlr.org/papers/v15/srivastava14a.html).
        dropout: probability after each sublayer, in [0, 1).
    """

    answer_words: Int64[Tensor, "answer word"]

    @classmethod
    def needs(cls, *, tracks: Sequence[str], **options: Any) -> ModelNeeds:
        """The tracks; the words of the question it reads itself."""
        read = check_tracks(tracks)
        return ModelNeeds(tracks=read, tokens=read, features_as_stored=True)

    def __init__(
        self,
        spec: ModelSpec,
        *,
        tracks: Sequence[str],
        dim: Count,
        heads: Count,
        hidden: Count,
        channels: Count,
        audio_bins: Count,
        visual_bins: Count,
        evidence_noise: NonNegative,
        dropout: BelowOne,
    ) -> None:
        super().__init__()
        for name, value in (("channels", channels), ("audio_bins", audio_bins), ("visual_bins", visual_bins)):
            if value < 1:
                raise ConfigError(f"model.{name}={value}: expected 1 or more")
        if not 0 <= evidence_noise < math.inf:
            raise ConfigError(f"model.evidence_noise={evidence_noise}: expected a finite number, 0 or more")
        if dim % 2 != 0:
            raise ConfigError(f"model.dim={dim}: expected an even number, half for each reading direction")
        self.gives_tokens = spec.gives_tokens
        self.evidence_noise = evidence_noise
        bins = {"audio": audio_bins, "visual": visual_bins}
        pools: dict[str, GatedPooling] = {
            name: GatedPooling(
                spec.tracks[name].row_shape,
                dim=dim,
                slots=spec.answers,
                channels=channels,
                bins=bins[spec.tracks[name].modality],
            )
            for name in check_tracks(tracks)
        }
        self.pools = nn.ModuleDict(pools)
        self.find = nn.Sequential(
            nn.Linear(sum(one.evidence for one in pools.values()), dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(dim, dim),
        )
        self.slot_norm = nn.LayerNorm(dim)
        self.name = nn.Parameter(torch.randn(spec.answers, dim) * 0.3)
        self.words = nn.Embedding(spec.words + 2, dim, padding_idx=PADDING_WORD)
        nn.init.normal_(self.words.weight, std=0.3)
        self.register_buffer("answer_words", _padded(spec.answer_words, spec.answers), persistent=False)
        self.ask = QueryAttention(dim=dim, heads=heads, dropout=0.0)
        with torch.no_grad():
            # A word finds the slot of its own name from the start.
            self.ask.key.weight.copy_(self.ask.query.weight)
        self.word_norm, self.found_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.forwards, self.backwards = (nn.LSTM(dim, dim // 2, batch_first=True) for _ in range(2))
        self.read = CrossAttentionBlock(dim=dim, heads=heads, hidden=hidden, dropout=dropout, norm="pre")
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)
        self.answer = nn.Linear(dim, spec.answers)
        self.point = nn.Linear(dim, dim, bias=False)

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question; outside training, where the slots that it read had looked as well."""
        pooled: dict[str, Pooled] = {name: pool(batch.tracks[name]) for name, pool in self.pools.items()}
        slots = self._slots(pooled).index_select(0, batch.video)
        tokens = [_tokens(slots)]
        seats = Seats(len(slots), 1, torch.arange(len(slots), device=slots.device))
        words = self.word_norm(self.words(batch.words))
        found, _ = self.ask(words, tokens, seats, need_weights=False)
        query = self._sentence(self.found_norm(words + found), (batch.words != PADDING_WORD).sum(dim=1))
        query, weights = self.read(query, tokens, seats, need_weights=not self.training)
        read = self.dropout(self.norm(query[:, 0]))
        logits = (
            self.answer(read) + torch.einsum("bd,bad->ba", self.point(read), slots) * read.shape[1] ** -0.5
        )
        return ModelOutput(
            logits=logits,
            tokens={
                name: Track(track.hidden.mean(dim=2), batch.tracks[name].mask, batch.tracks[name].seconds)
                for name, track in pooled.items()
                if self.gives_tokens
            },
            attention={} if weights is None else _looked(weights[:, 0], pooled, batch.video),
        )

    def _sentence(
        self, words: Float[Tensor, "batch word dim"], length: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch 1 dim"]:
        """The last state of either direction; a question without words is read as one."""
        last = (length - 1).clamp(min=0)[:, None, None]
        places = torch.arange(words.shape[1], device=words.device)[:, None]
        backwards = words.take_along_dim((last - places).clamp(min=0), dim=1)
        states = [self.forwards(words)[0], self.backwards(backwards)[0]]
        return torch.cat([one.take_along_dim(last, dim=1) for one in states], dim=-1)

    def _slots(self, pooled: Mapping[str, Pooled]) -> Float[Tensor, "video answer dim"]:
        """Every video's slots, with their names."""
        names = self.name + (
            self.words(self.answer_words) * (self.answer_words > UNKNOWN_WORD)[..., None]
        ).sum(1)
        evidence = torch.cat([one.evidence for one in pooled.values()], dim=-1)
        if self.training and self.evidence_noise:
            evidence = evidence * (1 + self.evidence_noise * torch.randn_like(evidence))
        slots: Tensor = self.slot_norm(self.find(evidence) + names)
        return slots


def _tokens(slots: Float[Tensor, "batch slot dim"]) -> Tokens:
    """Slots as what queries attend to; they have no time of their own."""
    return Tokens(
        values=slots.unsqueeze(2),
        weight=None,
        moment=slots.new_zeros(1, *slots.shape[1:]),
        place=None,
        mask=torch.ones(slots.shape[:2], dtype=torch.bool, device=slots.device),
    )


def _padded(ids: tuple[tuple[int, ...], ...], answers: int) -> Int64[Tensor, "answer word"]:
    padded = torch.full((answers, max(map(len, ids), default=1)), PADDING_WORD)
    for row, words in enumerate(ids):
        padded[row, : len(words)] = torch.tensor(words)
    return padded


def _looked(
    weights: Float[Tensor, "batch slot"], pooled: Mapping[str, Pooled], video: Int64[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch time"]]:
    """Where the slots look that a question reads: their gates over all tracks, which sum to 1 a slot."""
    opened = {name: one.gates.sum(dim=2) for name, one in pooled.items()}
    total = torch.stack([one.sum(dim=1) for one in opened.values()]).sum(dim=0)
    total = total.clamp(min=torch.finfo(total.dtype).tiny)
    share = weights / total[video]
    return {name: torch.einsum("bk,btk->bt", share, one[video]) for name, one in opened.items()}
