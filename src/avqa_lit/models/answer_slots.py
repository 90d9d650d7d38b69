"""A model that looks for every possible answer in the video before it reads the question."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from avqa_lit.batch import PADDING_WORD, UNKNOWN_WORD, Batch, DataSpec, ModelOutput, Track
from avqa_lit.errors import ConfigError
from avqa_lit.models.attention import CrossAttentionBlock, QueryAttention
from avqa_lit.models.gated_pooling import GatedPooling, Pooled
from avqa_lit.models.slot_exchange import SlotExchange
from avqa_lit.models.tokens import ByVideo, Tokens


class AnswerSlots(nn.Module):
    r"""Find, compare, read: a slot for each answer, which the question's words ask and the answer points at.

    1. **Find.** The audio and visual track are pooled into one slot for each answer (`GatedPooling`), of
       both modalities at once: slot "cello" comes to hold when and how loud it sounds, and where it is seen.
       One small network reads the evidence of all slots, so what is learnt of one instrument holds for all.
    2. **Compare.** Slots attend to each other, `exchanges` times.
    3. **Read.** Each word of the question attends to the slots, an LSTM reads what the words found in both
       directions, and its last state attends to the slots once more.
    4. **Answer.** A slot's logit is a bias which the question alone gives and its product with the question.

    A slot's name is a vector of its own plus the embeddings of its answer's words, which are those of the
    question's words: a "cello" that is asked for and one that is the answer are learnt together. Nothing
    else is known of the answers, and of the data no more than widths.

    References:
        Object-Centric Learning with Slot Attention (Locatello et al., NeurIPS 2020),
        https://arxiv.org/abs/2006.15055: slots between features and reasoning; ours do not compete.

        Learning Answer Embeddings for Visual Question Answering (Hu et al., CVPR 2018),
        https://arxiv.org/abs/1806.03724, equation 1: answers as vectors, a logit as a product.

        Compositional Attention Networks for Machine Reasoning (Hudson and Manning, ICLR 2018),
        https://arxiv.org/abs/1803.03067: steps of control and reading.

    Args:
        spec: shapes of the store.
        dim: width of slots, words and states.
        heads: attention heads.
        hidden: width of the feed-forward sublayers.
        channels: numbers that a slot reads of each row beside how much of it there is.
        audio_bins: parts of the time in which a slot sums what it hears.
        visual_bins: parts of the time in which a slot sums what it sees.
        exchanges: how often slots attend to each other.
        dropout: probability after each sublayer, in [0, 1).

    Attributes:
        gives_tracks: whether outputs hold the tracks that the gates see, which alignment losses read.
    """

    answer_words: Int64[Tensor, "answer word"]

    def __init__(
        self,
        spec: DataSpec,
        *,
        dim: int,
        heads: int,
        hidden: int,
        channels: int,
        audio_bins: int,
        visual_bins: int,
        exchanges: int,
        dropout: float,
    ) -> None:
        super().__init__()
        for name, value in (("channels", channels), ("audio_bins", audio_bins), ("visual_bins", visual_bins)):
            if value < 1:
                raise ConfigError(f"model.{name}={value}: expected 1 or more")
        if exchanges < 0:
            raise ConfigError(f"model.exchanges={exchanges}: expected 0 or more")
        if dim % (2 * heads) != 0:
            raise ConfigError(
                f"model.dim={dim}: half of it cannot be split over model.heads={heads}; choose a multiple "
                f"of {2 * heads}"
            )
        self.gives_tracks = True
        self.audio = GatedPooling(spec.audio, dim=dim, slots=spec.answers, channels=channels, bins=audio_bins)
        self.visual = GatedPooling(
            spec.visual, dim=dim, slots=spec.answers, channels=channels, bins=visual_bins
        )
        self.find = nn.Sequential(
            nn.Linear(self.audio.evidence + self.visual.evidence, dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(dim, dim),
        )
        self.compare = nn.ModuleList(SlotExchange(dim=dim, heads=heads) for _ in range(exchanges))
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
        audio, visual = self.audio(batch.audio), self.visual(batch.visual)
        slots = self._slots(audio, visual).index_select(0, batch.video)
        tokens = [_tokens(slots)]
        seats = ByVideo(len(slots), 1, torch.arange(len(slots), device=slots.device))
        words = self.word_norm(self.words(batch.words))
        found, _ = self.ask(words, tokens, seats, need_weights=False)
        query = self._sentence(self.found_norm(words + found), (batch.words != PADDING_WORD).sum(dim=1))
        query, weights = self.read(query, tokens, seats, need_weights=not self.training)
        read = self.dropout(self.norm(query[:, 0]))
        logits = (
            self.answer(read) + torch.einsum("bd,bad->ba", self.point(read), slots) * read.shape[1] ** -0.5
        )
        heard, seen = (None, None) if weights is None else _looked(weights[:, 0], audio, visual, batch.video)
        return ModelOutput(
            logits=logits,
            audio=self._track(audio, batch.audio),
            visual=self._track(visual, batch.visual),
            audio_attention=heard,
            visual_attention=seen,
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

    def _slots(self, audio: Pooled, visual: Pooled) -> Float[Tensor, "video answer dim"]:
        """Every video's slots, with their names."""
        names = self.name + (
            self.words(self.answer_words) * (self.answer_words > UNKNOWN_WORD)[..., None]
        ).sum(1)
        slots = self.find(torch.cat([audio.evidence, visual.evidence], dim=-1)) + names
        for exchange in self.compare:
            slots = exchange(slots)
        normed: Tensor = self.slot_norm(slots)
        return normed

    def _track(self, pooled: Pooled, track: Track) -> Track | None:
        if not self.gives_tracks:
            return None
        return Track(pooled.hidden.mean(dim=2), track.mask, track.seconds)


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
    weights: Float[Tensor, "batch slot"], audio: Pooled, visual: Pooled, video: Int64[Tensor, " batch"]
) -> tuple[Float[Tensor, "batch audio_time"], Float[Tensor, "batch visual_time"]]:
    """Where the slots look that a question reads: their gates over both tracks, which sum to 1 a slot."""
    heard, seen = audio.gates.sum(dim=2), visual.gates.sum(dim=2)
    total = (heard.sum(dim=1) + seen.sum(dim=1)).clamp(min=torch.finfo(heard.dtype).tiny)
    share = weights / total[video]
    return torch.einsum("bk,btk->bt", share, heard[video]), torch.einsum("bk,btk->bt", share, seen[video])
