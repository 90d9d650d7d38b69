"""Typed containers in which data, models and losses meet."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

# Ids of words: what the train split has counts from FIRST_WORD.
PADDING_WORD = 0
UNKNOWN_WORD = 1
FIRST_WORD = 2


@dataclass(frozen=True)
class DataSpec:
    """What a model has to know of a store to size itself.

    Attributes:
        audio: shape of one audio row, ``(dim,)``, ``(patch, dim)`` or ``(dim, height, width)``.
        visual: shape of one visual row, likewise.
        question: width of a cached question feature; 0 where the question encoder is trained.
        words: number of words in the vocabulary of the train split.
        answers: number of answers in the vocabulary of the train split.
        answer_words: ids of each answer's words in the vocabulary of questions, as in `Batch.words`: 1 for
            one that no question has. Empty where nobody asked for them.
    """

    audio: tuple[int, ...]
    visual: tuple[int, ...]
    question: int
    words: int
    answers: int
    answer_words: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Track:
    """One modality of the distinct videos of a batch, padded to the longest.

    Attributes:
        values: features; rows beyond a video's length are zero. The data module hands them out as they are
            stored, in float16 perhaps; a model gets them in float32, unless it has an attribute
            ``reads_stored_features`` that is true and casts what it reads.
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
class Batch:
    """Questions about videos; every distinct video is carried once.

    Attributes:
        audio: audio track of each distinct video.
        visual: visual track of each distinct video.
        clip: identity of each distinct video, the same on every process.
        question: cached sentence feature of each question; of width 0 where the encoder is trained.
        words: ids of each question's words, 0 is padding and 1 a word that train has not.
        video: row of each question's video in ``audio`` and ``visual``.
        answer: label of each question; a label at or above ``DataSpec.answers`` is an answer that
            the train split never gives, so no prediction can equal it.
        category: place of each question's category in the taxonomy of the data.
        row: row of each question in its split, its identity.
        weight: 1 for a question; 0 for the stand-in that a process without questions runs.
        total: number of questions in this step over all processes.
        other: row of another video for each video, its own where there is none; None where no loss
            asks for other videos. No question need ask about a video that is another's other.
        question_tokens: cached features of each question's words, or of the pieces that its encoder splits
            them into, as wide as `question`; zero where padded; None unless the model has an attribute
            ``reads_question_tokens`` that is true.
        question_mask: True where a row of `question_tokens` is real; None likewise.
        most_asked: questions about the video that is asked about most; None where nobody counted, which
            costs a model that needs it a wait for the device.
        most_paired: how many videos have the same one as their other, at most; None likewise.
    """

    audio: Track
    visual: Track
    clip: Int64[Tensor, " video"]
    question: Float[Tensor, "batch question_dim"]
    words: Int64[Tensor, "batch word"]
    video: Int64[Tensor, " batch"]
    answer: Int64[Tensor, " batch"]
    category: Int64[Tensor, " batch"]
    row: Int64[Tensor, " batch"]
    weight: Float[Tensor, " batch"]
    total: int
    other: Int64[Tensor, " video"] | None = None
    question_tokens: Float[Tensor, "batch token question_dim"] | None = None
    question_mask: Bool[Tensor, "batch token"] | None = None
    most_asked: int | None = None
    most_paired: int | None = None

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """The same batch on another device."""
        parts: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        moved = {
            name: part.to(device, non_blocking=non_blocking)
            for name, part in parts.items()
            if isinstance(part, Tensor | Track)
        }
        return Batch(**{**parts, **moved})

    def in_full_precision(self) -> "Batch":
        """The same batch with the videos' features in float32 at least."""
        return replace(self, audio=self.audio.in_full_precision(), visual=self.visual.in_full_precision())

    def questions_per_video(self) -> Float[Tensor, " video"]:
        """Sum of question weights of each distinct video."""
        counts = self.weight.new_zeros(self.audio.mask.shape[0])
        return counts.index_add(0, self.video, self.weight)


@dataclass(frozen=True)
class Pairs:
    """A model's scores of whether a sound and a frame belong to the same video: no, yes.

    Attributes:
        true: each frame with its own sound.
        false: each sound with a frame of another video (`Batch.other`).
    """

    true: Float[Tensor, "video frame 2"]
    false: Float[Tensor, "video frame 2"]


@dataclass(frozen=True)
class ModelOutput:
    """What a model gives to losses, metrics and reports.

    Attributes:
        logits: unnormalised score of every answer.
        audio: audio tokens in the model's width, one a time step, before any question is seen;
            None for a model that does not hear. A model with an attribute ``gives_tracks`` is told by it
            whether any loss reads them, and may leave them out where none does.
        visual: visual tokens, likewise (patches averaged); None for a model that does not see.
        audio_attention: last block's attention over audio rows, mean of heads; None without attention.
        visual_attention: the same over visual rows (patches summed).
        pairs: for a loss on whether sound and sight belong together; None where the batch carries no
            other videos. A model gives it that has an attribute ``needs_other_videos = True`` and a
            method ``train_matching(wanted)``, which hears whether a loss reads it.
    """

    logits: Float[Tensor, "batch answer"]
    audio: Track | None = None
    visual: Track | None = None
    audio_attention: Float[Tensor, "batch audio_time"] | None = None
    visual_attention: Float[Tensor, "batch visual_time"] | None = None
    pairs: Pairs | None = None
