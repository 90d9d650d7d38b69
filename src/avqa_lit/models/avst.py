"""The baseline of MUSIC-AVQA: sound grounded in sight, then a question that reads both."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput, ModelSpec, Pairs, Track
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.models.avst_checkpoint import load_published
from avqa_lit.models.avst_question import PaddedQuestion
from avqa_lit.models.frames import evenly_spaced_rows, nearest_rows, take_rows
from avqa_lit.models.grounding import Grounding
from avqa_lit.needs import ModelNeeds
from avqa_lit.ranges import BelowOne, Count

# Axes of a visual row, by `visual`.
SHAPES = {"maps": (2, 3), "vectors": (1,)}


class QuestionGuided(nn.Module):
    """A question reads tokens: attention, a residual feed-forward layer, and a layer norm behind them."""

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads != 0:
            raise ConfigError(f"model.dim={dim} cannot be split over model.heads={heads}: choose a multiple")
        self.attention = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dim, dim), nn.Dropout(dropout)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, question: Float[Tensor, "batch dim"], tokens: Float[Tensor, "batch frame dim"]
    ) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch frame"]]:
        """What the question read and where, the attention weights averaged over heads."""
        read, weights = self.attention(question[:, None], tokens, tokens)
        read = read.squeeze(1)
        return self.norm(read + self.feed_forward(read)), weights.squeeze(1)


class AVST(nn.Module):
    """Audio-visual spatio-temporal network: numerically the published one, with names of ours.

    Each frame's map is attended by the sound of its moment; the question then attends to the frames and to
    the sounds. In training a matching head tells a frame's own sound from another video's frame
    (`avqa_lit.losses.matching`). `avqa_lit.models.avst_checkpoint` maps the published names.

    With ``visual="vectors"`` a frame is a vector, which is a map of a single place: all attention lies on
    it, so the grounded vector is the normalised vector, and nothing is grounded.

    Departures from the published code (`net_avst.py`, `dataloader_avst.py`): frames are chosen by time, so
    that videos and modalities may differ in length and rate; all negative frames of a video come from one
    other video of the same step, at the same share of its length, where the code draws each from any.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072

    Args:
        spec: shapes of the tracks audio, whose rows are vectors, and visual; sizes of the vocabularies.
        visual: whether visual rows are "maps" or "vectors".
        dim: width of tokens and question.
        heads: attention heads.
        frames: moments of each video that are looked at and listened to.
        question_length: words a question, padding included.
        dropout: probability in attention weights and in feed-forward layers, in [0, 1).
    """

    @classmethod
    def needs(cls, **options: Any) -> ModelNeeds:
        """The tracks audio and visual; the words of the question it reads itself."""
        both = ("audio", "visual")
        return ModelNeeds(tracks=both, tokens=both, pairs=True, features_as_stored=True)

    def __init__(
        self,
        spec: ModelSpec,
        *,
        visual: Literal["maps", "vectors"],
        dim: Count,
        heads: Count,
        frames: Count,
        question_length: Count,
        dropout: BelowOne,
    ) -> None:
        super().__init__()
        if frames < 1:
            raise ConfigError(f"model.frames={frames}: expected 1 or more")
        audio_row, visual_row = (spec.tracks[name].row_shape for name in ("audio", "visual"))
        _check_shapes(audio_row, visual_row, visual=visual)
        self.frames = frames
        self.question = PaddedQuestion(words=spec.words, dim=dim, length=question_length)
        self.audio = nn.Sequential(nn.Linear(audio_row[0], dim), nn.ReLU(), nn.Linear(dim, dim))
        self.grounding = Grounding(channels=_channels(visual_row), dim=dim, has_places=visual == "maps")
        self.audio_attention = QuestionGuided(dim=dim, heads=heads, dropout=dropout)
        self.visual_attention = QuestionGuided(dim=dim, heads=heads, dropout=dropout)
        self.fusion = nn.Linear(2 * dim, dim)
        self.answer = nn.Linear(dim, spec.answers)
        self.matching = nn.Sequential(
            nn.Linear(2 * dim, dim), nn.ReLU(),
            nn.Linear(dim, dim // 2), nn.ReLU(),
            nn.Linear(dim // 2, dim // 4), nn.ReLU(),
            nn.Linear(dim // 4, 2),
        )  # fmt: skip
        # DDP waits for all weights that may learn.
        self.matching.requires_grad_(spec.gives_pairs)

    def load_published(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a published checkpoint; see `avqa_lit.models.avst_checkpoint`."""
        load_published(self, weights)

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question, both tracks at the chosen frames, attention, and pairs if asked for."""
        audio_track, visual_track = batch.tracks["audio"], batch.tracks["visual"]
        seen = evenly_spaced_rows(visual_track.mask, frames=self.frames)
        frames = take_rows(visual_track, seen)
        heard = nearest_rows(audio_track, frames.seconds)
        sounds = take_rows(audio_track, heard)
        audio, maps = self.audio(sounds.in_full_precision().values), _places(frames.values)
        visual, elsewhere = self._seen(maps, audio, batch)

        question = self.question(batch.words)
        read_audio, audio_weights = self.audio_attention(question, audio[batch.video])
        read_visual, visual_weights = self.visual_attention(question, visual[batch.video])
        both = torch.cat(
            [
                read_audio + audio.mean(dim=1)[batch.video],
                read_visual + visual.mean(dim=1)[batch.video],
            ],
            dim=-1,
        )
        fused = self.fusion(both.tanh())
        return ModelOutput(
            logits=self.answer((fused * question).tanh()),
            tokens={
                "audio": Track(audio, sounds.mask, sounds.seconds),
                "visual": Track(visual, frames.mask, frames.seconds),
            },
            attention={
                "audio": _on_rows(audio_weights, heard[batch.video], like=audio_track),
                "visual": _on_rows(visual_weights, seen[batch.video], like=visual_track),
            },
            pairs=None if elsewhere is None else self._pairs(audio, visual, elsewhere),
        )

    def _seen(
        self,
        maps: Float[Tensor, "video frame channel place"],
        audio: Float[Tensor, "video frame dim"],
        batch: Batch,
    ) -> tuple[Float[Tensor, "video frame dim"], Float[Tensor, "video frame dim"] | None]:
        """What each sound finds in its own video, and in the other one if the batch has others."""
        if batch.others is None:
            return self.grounding(maps, audio[:, :, None])[:, :, 0], None
        seats = batch.others.seats
        # Sounds go to the maps, which are far larger, and what they found comes back.
        spread = seats.spread(torch.cat([audio, audio]))
        sounds = spread.reshape(len(maps), -1, *audio.shape[1:]).transpose(1, 2)
        found = seats.collect(self.grounding(maps, sounds).transpose(1, 2).flatten(1, 2))
        visual, elsewhere = found.chunk(2)
        return visual, elsewhere

    def _pairs(
        self,
        audio: Float[Tensor, "video frame dim"],
        visual: Float[Tensor, "video frame dim"],
        other: Float[Tensor, "video frame dim"],
    ) -> Pairs:
        """Scores of each sound with its own frame, and with one of another video, grounded by the sound."""
        return Pairs(
            true=self.matching(torch.cat([audio, visual], dim=-1)),
            false=self.matching(torch.cat([audio, other], dim=-1)),
        )


def _check_shapes(audio_row: tuple[int, ...], visual_row: tuple[int, ...], *, visual: str) -> None:
    if visual not in SHAPES:
        raise ConfigError(f"model.visual={visual}: expected maps or vectors")
    if len(audio_row) != 1:
        raise DataError(f"an audio row of shape {list(audio_row)}: AVST expects a vector, [dim]")
    if len(visual_row) not in SHAPES[visual]:
        raise DataError(
            f"a visual row of shape {list(visual_row)}: model=avst expects maps, [dim, height, width] or "
            "[patch, dim], such as data.visual.encoder=res18_14x14; model=avst_pooled expects vectors, [dim]"
        )


def _channels(row: tuple[int, ...]) -> int:
    return row[0] if len(row) == 3 else row[-1]


def _places(values: Float[Tensor, "video frame *row"]) -> Float[Tensor, "video frame channel place"]:
    """Maps with their places in a row; patches are such places, and a vector is a map of one place."""
    if values.dim() == 5:
        return values.flatten(3)
    return values.transpose(2, 3) if values.dim() == 4 else values[..., None]


def _on_rows(
    weights: Float[Tensor, "batch frame"], rows: Int64[Tensor, "batch frame"], *, like: Track
) -> Float[Tensor, "batch time"]:
    """Attention on frames, put on the rows that they were taken from."""
    return weights.new_zeros(len(weights), like.mask.shape[1]).scatter_add(1, rows, weights)
