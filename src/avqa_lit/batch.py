"""Typed containers in which data, models and losses meet."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

# Ids of words: those of the train split count from FIRST_WORD.
PADDING_WORD = 0
UNKNOWN_WORD = 1
FIRST_WORD = 2

Modality = Literal["audio", "visual"]
QUESTION = "question"  # name of the text that every question has
PROMPT = "prompt"  # name of a second text, such as the question as a statement

_Part = TypeVar("_Part")


@dataclass(frozen=True)
class TrackSpec:
    """What a model has to know of a track to size itself.

    Attributes:
        modality: audio or visual.
        row_shape: shape of one row, ``(dim,)``, ``(patch, dim)`` or ``(dim, height, width)``.
    """

    modality: Modality
    row_shape: tuple[int, ...]


@dataclass(frozen=True)
class TextSpec:
    """Widths of the cached features of a text.

    Attributes:
        sentence: width of a sentence vector; 0 where there is none.
        tokens: width of a token's vector; 0 where there is none.
    """

    sentence: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class ModelSpec:
    """What a model is told before it is built.

    Attributes:
        tracks: the tracks that the model declares (`avqa_lit.needs.ModelNeeds.tracks`), by name.
        texts: the cached texts that it declares, by name; a trained question encoder has no widths.
        words: number of words in the vocabulary of the train split.
        answers: number of answers in the vocabulary of the train split.
        answer_words: ids of each answer's words in the vocabulary of questions, as in `Batch.words`: 1 for
            a word that no question has.
        gives_tokens: whether a loss reads `ModelOutput.tokens`; a model may leave them out otherwise.
        gives_pairs: whether a loss reads `ModelOutput.pairs`, likewise.
    """

    tracks: Mapping[str, TrackSpec]
    texts: Mapping[str, TextSpec]
    words: int
    answers: int
    answer_words: tuple[tuple[int, ...], ...] = ()
    gives_tokens: bool = field(default=True, compare=False)
    gives_pairs: bool = field(default=False, compare=False)

    def plain(self) -> dict[str, Any]:
        """Sizes as plain values, which travel in checkpoints; without what losses read."""
        return {name: value for name, value in asdict(self).items() if not name.startswith("gives_")}


@dataclass(frozen=True)
class Track:
    """One track of the distinct videos of a batch, padded to the longest.

    Attributes:
        values: features; rows beyond a video's length are zero. The data module hands them out as they are
            stored, in float16 perhaps; a model gets them in float32, unless it declares
            `avqa_lit.needs.ModelNeeds.features_as_stored` and casts what it reads.
        mask: True where a row is real.
        seconds: time at which each row starts, in seconds; any number where padded. Where all videos share
            their time stamps, as those of a store do, it is one row expanded (stride 0 over videos), and
            what depends on time alone is computed once.
    """

    values: Float[Tensor, "video time *row"]
    mask: Bool[Tensor, "video time"]
    seconds: Float[Tensor, "video time"]

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Track":
        """The same track on another device."""
        seconds = self.seconds[:1] if self.seconds.stride(0) == 0 else self.seconds
        return Track(
            self.values.to(device, non_blocking=non_blocking),
            self.mask.to(device, non_blocking=non_blocking),
            seconds.to(device, non_blocking=non_blocking).expand_as(self.seconds),
        )

    def in_full_precision(self) -> "Track":
        """The same track in float32 at least: sums over time lose too much in half precision."""
        return replace(self, values=self.values.to(torch.promote_types(self.values.dtype, torch.float32)))


@dataclass(frozen=True)
class Text:
    """A text of every question, as vectors.

    Attributes:
        sentence: one vector a question; None where nobody declared it.
        tokens: one vector a token (a word, or a piece of a word), zero where padded; None likewise.
        mask: True where a token is real; None without tokens.
    """

    sentence: Float[Tensor, "batch dim"] | None = None
    tokens: Float[Tensor, "batch token token_dim"] | None = None
    mask: Bool[Tensor, "batch token"] | None = None

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Text":
        """The same text on another device."""
        return _moved(self, device, non_blocking=non_blocking)


@dataclass(frozen=True)
class Seats:
    """Seats beside videos: every question has one beside the video that it asks about.

    A video's tokens are then read where they are, however many questions ask about it, and not copied for
    each question. Whatever else looks at videos, such as sounds, is seated likewise.

    Attributes:
        videos: number of videos.
        each: seats of a video, as many as the most frequent video needs.
        seat: seat of each question, counted over all videos.
    """

    videos: int
    each: int
    seat: Int64[Tensor, " batch"]

    @classmethod
    def of(cls, video: Int64[Tensor, " batch"], *, videos: int) -> "Seats":
        """Seats in the order of what asks; counting them waits for the device.

        Example:
            >>> Seats.of(torch.tensor([1, 0, 1]), videos=2).seat.tolist()
            [2, 0, 3]
        """
        asked = video.cpu().numpy()
        order = asked.argsort(kind="stable")
        ordered = asked[order]
        earlier = np.arange(len(asked)) - ordered.searchsorted(ordered)
        each = int(earlier.max()) + 1
        seat = np.empty_like(asked)
        seat[order] = ordered * each + earlier
        return cls(videos, each, torch.from_numpy(seat).to(video.device))

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Seats":
        """The same seats on another device."""
        return _moved(self, device, non_blocking=non_blocking)

    def spread(self, rows: Float[Tensor, "batch query dim"]) -> Float[Tensor, "video row dim"]:
        """Rows of each question beside its video; empty seats are zero."""
        seats = rows.new_zeros(self.videos * self.each, *rows.shape[1:])
        return seats.index_copy(0, self.seat, rows).reshape(self.videos, -1, rows.shape[-1])

    def collect(self, rows: Float[Tensor, "video row dim"]) -> Float[Tensor, "batch query dim"]:
        """The reverse of `spread`."""
        return rows.reshape(self.videos * self.each, -1, rows.shape[-1]).index_select(0, self.seat)


@dataclass(frozen=True)
class OtherVideos:
    """Another video for each video of a batch, for a model that makes false pairs.

    Attributes:
        video: row of the other video; the video's own where there is no other. No question need ask about
            a video that is another's other.
        seats: seats beside the videos, first of every video beside itself, then of every video beside its
            other.
    """

    video: Int64[Tensor, " video"]
    seats: Seats

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "OtherVideos":
        """The same videos on another device."""
        return _moved(self, device, non_blocking=non_blocking)


@dataclass(frozen=True)
class Batch:
    """Questions about videos; every distinct video is carried once.

    A batch carries what the model and the losses declare (`avqa_lit.needs`), and nothing else of the videos
    and texts.

    Attributes:
        tracks: tracks of each distinct video, by name.
        clip: identity of each distinct video, the same on every process.
        texts: cached features of each question's texts, by name; "question" is the question itself.
        words: ids of each question's words, 0 is padding and 1 a word that train does not have.
        video: row of each question's video in the tracks.
        seats: seats of the questions beside their videos.
        answer: label of each question; a label at or above ``ModelSpec.answers`` is an answer that
            the train split never gives, so no prediction can equal it.
        category: place of each question's category in the taxonomy of the data.
        row: row of each question in its split, its identity.
        weight: 1 for a question; 0 for the stand-in that a process without questions runs.
        total: number of questions in this step over all processes.
        others: another video for each video; None where nothing declared that it reads them.
    """

    tracks: Mapping[str, Track]
    clip: Int64[Tensor, " video"]
    texts: Mapping[str, Text]
    words: Int64[Tensor, "batch word"]
    video: Int64[Tensor, " batch"]
    seats: Seats
    answer: Int64[Tensor, " batch"]
    category: Int64[Tensor, " batch"]
    row: Int64[Tensor, " batch"]
    weight: Float[Tensor, " batch"]
    total: int
    others: OtherVideos | None = None

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """The same batch on another device."""
        return _moved(self, device, non_blocking=non_blocking)

    def in_full_precision(self) -> "Batch":
        """The same batch with the videos' features in float32 at least."""
        return replace(self, tracks={name: track.in_full_precision() for name, track in self.tracks.items()})

    def questions_per_video(self) -> Float[Tensor, " video"]:
        """Sum of question weights of each distinct video."""
        counts = self.weight.new_zeros(len(self.clip))
        return counts.index_add(0, self.video, self.weight)


@dataclass(frozen=True)
class Pairs:
    """A model's scores of whether a sound and a frame belong to the same video: no, yes.

    Attributes:
        true: each frame with its own sound.
        false: each sound with a frame of another video (`Batch.others`).
    """

    true: Float[Tensor, "video frame 2"]
    false: Float[Tensor, "video frame 2"]


@dataclass(frozen=True)
class ModelOutput:
    """What a model gives to losses, metrics and reports.

    Attributes:
        logits: unnormalised score of every answer.
        tokens: tokens of each track in the model's width, one a time step (patches averaged), before any
            question is read; by the track's name. Alignment losses compare them.
        attention: last block's attention over the rows of each track (patches summed), mean of heads; by
            the track's name, empty for a model without attention.
        pairs: for a loss on whether sound and sight belong together; None where the batch carries no
            other videos.
    """

    logits: Float[Tensor, "batch answer"]
    tokens: Mapping[str, Track] = field(default_factory=dict)
    attention: Mapping[str, Float[Tensor, "batch time"]] = field(default_factory=dict)
    pairs: Pairs | None = None


def _moved(part: _Part, device: torch.device | str, *, non_blocking: bool) -> _Part:
    """A container with all its tensors on a device."""
    return replace(  # type: ignore[type-var]
        part,
        **{
            member.name: _on_device(getattr(part, member.name), device, non_blocking=non_blocking)
            for member in fields(part)  # type: ignore[arg-type]
        },
    )


def _on_device(value: Any, device: torch.device | str, *, non_blocking: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _on_device(part, device, non_blocking=non_blocking) for name, part in value.items()}
    if isinstance(value, Tensor | Track | Text | Seats | OtherVideos):
        return value.to(device, non_blocking=non_blocking)
    return value
