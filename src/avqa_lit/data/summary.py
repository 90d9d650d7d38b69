"""What a data set was understood to be: its splits, tracks and answers, and what its splits share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from avqa_lit.data.packed_track import PackedTrack
from avqa_lit.data.question_table import QuestionTable
from avqa_lit.data.store import FeatureStore

SAMPLE = 100_000  # values of a track that are looked at


@dataclass(frozen=True)
class SplitSummary:
    """Size of a split.

    Attributes:
        name: train, val or test.
        questions: rows that are used.
        videos: distinct videos among them.
        dropped: rows that were left out for want of features.
    """

    name: str
    questions: int
    videos: int
    dropped: int


@dataclass(frozen=True)
class TrackSummary:
    """One track of all videos.

    Attributes:
        name: of the track.
        encoder: network that made it.
        row_shape: of one row.
        dtype: precision in the store.
        videos: entries of the clean view that have features.
        shortest: rows of the shortest video.
        median: rows of the median video.
        longest: rows of the longest video.
        seconds: that the median video covers.
        zeros: share of zeros in an even sample of the rows.
    """

    name: str
    encoder: str
    row_shape: tuple[int, ...]
    dtype: str
    videos: int
    shortest: int
    median: int
    longest: int
    seconds: float
    zeros: float


@dataclass(frozen=True)
class AnswerSummary:
    """What the train split knows of the answers of a split.

    Attributes:
        split: the split.
        answers: number of its distinct answers.
        unknown: those that train never gives, by their number of questions, most frequent first.
        alike: for some of `unknown`, the answer of train that differs from it in case or separators alone.
    """

    split: str
    answers: int
    unknown: Mapping[str, int]
    alike: Mapping[str, str]


@dataclass(frozen=True)
class Overlap:
    """What two splits share.

    Attributes:
        splits: their names.
        videos: number of videos that both show.
        rows: questions of the second with a video, a text and an answer that stand in the first as well.
        of: number of questions of the second.
        first: place of the first such question in the second split; None where there is none.
    """

    splits: tuple[str, str]
    videos: int
    rows: int
    of: int
    first: int | None


@dataclass(frozen=True)
class DataSummary:
    """All of that."""

    splits: tuple[SplitSummary, ...]
    tracks: tuple[TrackSummary, ...]
    known_answers: int
    answers: tuple[AnswerSummary, ...]
    overlaps: tuple[Overlap, ...]


def summarize(store: FeatureStore) -> DataSummary:
    """Summary of a store; reads an even sample of its rows and no more."""
    names = list(store.splits)
    return DataSummary(
        splits=tuple(
            SplitSummary(name, len(table), len(set(table.video_id)), store.dropped.get(name, 0))
            for name, table in store.splits.items()
        ),
        tracks=tuple(_track(name, packed) for name, packed in store.tracks.items()),
        known_answers=len(store.answers),
        answers=tuple(_answers(store, name) for name in names if name != "train"),
        overlaps=tuple(
            overlap(store, one, other) for place, one in enumerate(names) for other in names[place + 1 :]
        ),
    )


def overlap(store: FeatureStore, one: str, other: str) -> Overlap:
    """What two splits share, by their names."""
    first, second = store.splits[one], store.splits[other]
    known = set(_rows(first))
    shared = [place for place, row in enumerate(_rows(second)) if row in known]
    return Overlap(
        splits=(one, other),
        videos=len({*first.video_id} & {*second.video_id}),
        rows=len(shared),
        of=len(second),
        first=shared[0] if shared else None,
    )


def _rows(table: QuestionTable) -> Iterator[tuple[int, int, int]]:
    """Clip, text and answer of each question, which together are the question whatever its id."""
    return zip(table.clip.tolist(), table.text.tolist(), table.answer.tolist(), strict=True)


def _track(name: str, packed: PackedTrack) -> TrackSummary:
    lengths = packed.length[: len(packed.ids)][packed.has_features]
    median = int(np.median(lengths))
    rows = max(1, min(len(packed.array), SAMPLE // max(1, int(np.prod(packed.row_shape)))))
    sample = packed.array[np.linspace(0, len(packed.array) - 1, rows).astype(np.int64)]
    return TrackSummary(
        name=name,
        encoder=packed.encoder,
        row_shape=tuple(packed.row_shape),
        dtype=str(packed.array.dtype),
        videos=len(lengths),
        shortest=int(lengths.min()),
        median=median,
        longest=int(lengths.max()),
        seconds=median * packed.seconds_per_row,
        zeros=1 - np.count_nonzero(sample) / sample.size,
    )


def _answers(store: FeatureStore, split: str) -> AnswerSummary:
    labels, counts = np.unique(store.splits[split].answer, return_counts=True)
    known = len(store.answers)
    unknown = sorted(
        ((int(count), label) for label, count in zip(labels.tolist(), counts, strict=True) if label >= known),
        key=lambda pair: (-pair[0], pair[1]),
    )
    spelt = {_spelling(answer): answer for answer in reversed(store.answers.tokens)}
    names = {store.labels[label]: count for count, label in unknown}
    alike = {name: spelt[_spelling(name)] for name in names if _spelling(name) in spelt}
    return AnswerSummary(split, len(labels), names, alike)


def _spelling(answer: str) -> str:
    return re.sub(r"[\s_-]+", " ", answer).strip().casefold()
