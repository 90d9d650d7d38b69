"""Writes a feature store: packed arrays, their index and what they came from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from jaxtyping import Int64
from numpy.lib import format as npy
from rich.progress import Progress

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.data.annotations import Question
from avqa_lit.data.digests import note_sha256, sha256
from avqa_lit.data.feature_files import Extraction, FeatureSource, check_shape, modality_of, track_key
from avqa_lit.data.misreading import TrackRows, check_tracks
from avqa_lit.data.progress_bar import progress_bar
from avqa_lit.data.store import SCHEMA, meta_checksum
from avqa_lit.data.stored_values import StoredDtype, to_stored
from avqa_lit.data.vocabulary import Vocabulary, split_words
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy


def write_store(
    folder: Path,
    *,
    questions: Mapping[str, Sequence[Question]],
    tracks: Mapping[str, FeatureSource],
    dtype: StoredDtype,
    fingerprint: str,
    plausible: Collection[str] = (),
    views: Mapping[str, Mapping[str, FeatureSource]] = MappingProxyType({}),
    taxonomy: Taxonomy = MUSIC_AVQA,
    progress: bool = False,
) -> None:
    """Write all files of a store into `folder`; `avqa_lit.data.build.build_store` makes that atomic.

    Args:
        folder: an empty folder.
        questions: every question of each split; the vocabularies are those of "train".
        tracks: features of each track by its name: audio tracks by audio_id, visual ones by video_id. A track
            may lack some of them.
        dtype: precision of the packed arrays.
        fingerprint: what the store was made from; a store with another one is out of date.
        plausible: names of the tracks that are refused where they were almost surely misread.
        views: features of each further view by track; where a view lacks features, the clean ones stand in.
        taxonomy: the categories that the questions fall into.
        progress: show a bar where the output is a terminal.

    Raises:
        DataError: features that cannot be packed, by file.
    """
    index, strings = _index(questions, train=questions["train"])
    plans, packed = {}, {}
    with progress_bar(enabled=progress) as bar:
        for name, clean in tracks.items():
            others = [view.get(name) for view in views.values()]
            ids = strings[f"{modality_of(name, clean.extraction)}_ids"]
            plans[name] = _planned(name, clean, others, ids, bar=bar)
        check_tracks([plans[name].rows_of_clips(index) for name in plans if name in plausible])
        for name, plan in plans.items():
            packed[name], columns = plan.write(folder, dtype=dtype, bar=bar)
            index |= columns
    with (folder / "index.npz").open("wb") as file:
        np.savez(file, allow_pickle=False, **index)
    write_json(folder / "strings.json", strings)
    meta: dict[str, Any] = {
        "schema": SCHEMA,
        "tracks": packed,
        "splits": {split: {"questions": len(rows)} for split, rows in questions.items()},
        "answers": len(_answers(questions["train"])),
        **({"views": list(views)} if views else {}),
        "taxonomy": taxonomy.to_plain(),
        "files": {
            name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
            for name in (*(about["file"] for about in packed.values()), "index.npz", "strings.json")
        },
    }
    for name, written in meta["files"].items():
        note_sha256(folder / name, written["sha256"])
    write_json(folder / "store.json", {"checksum": meta_checksum(meta), "fingerprint": fingerprint, **meta})


@dataclass(frozen=True)
class _Plan:
    """What is packed of one track in all views.

    Attributes:
        name: of the track.
        made: how its features were made.
        entries: what is packed, in order.
        place: of each view and id among the entries; -1 where there are no features.
        lengths: rows of each entry that are kept, and a last 0 for the place -1.
        row_shape: shape of one row.
    """

    name: str
    made: Extraction
    entries: Sequence[tuple[FeatureSource, str]]
    place: Int64[np.ndarray, "view entry"]
    lengths: Int64[np.ndarray, " packed"]
    row_shape: tuple[int, ...]

    def rows_of_clips(self, index: Mapping[str, np.ndarray]) -> TrackRows:
        """Rows of each clip in the clean view."""
        clips = index[f"clip_{modality_of(self.name, self.made)}"]
        return TrackRows(
            key=track_key(self.name),
            encoder=self.made.encoder,
            row_shape=self.row_shape,
            rows=self.lengths[self.place[0]][clips],
            seconds_per_row=self.made.seconds_per_row * self.made.stride,
            stride=self.made.stride,
        )

    def write(
        self, folder: Path, *, dtype: StoredDtype, bar: Progress
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Write the rows; what store.json says of the track, and its columns of the index."""
        name, made = self.name, self.made
        entries = bar.track(self.entries, description=f"Packing {name} ({made.encoder})")
        shape = (int(self.lengths.sum()), *self.row_shape)
        with (folder / f"{name}.npy").open("wb") as file:
            _write_rows(file, entries, shape=shape, dtype=dtype)
        meta = {
            "modality": modality_of(name, made),
            "file": f"{name}.npy",
            "shape": shape,
            "dtype": dtype,
            "encoder": made.encoder,
            "seconds_per_row": made.seconds_per_row * made.stride,
            "start_seconds": made.start_seconds,
        }
        first_row = np.cumsum(self.lengths) - self.lengths
        columns = {"length": self.lengths[self.place], "first_row": first_row[self.place]}
        return meta, {f"{name}_{column}": values.ravel() for column, values in columns.items()}


def _planned(
    name: str,
    clean: FeatureSource,
    others: Sequence[FeatureSource | None],
    ids: Sequence[str],
    *,
    bar: Progress,
) -> _Plan:
    """What is packed of a track, whose files are checked but not read whole."""
    made = clean.extraction
    entries, place = _entries(clean, others, ids)
    checked = bar.track(entries, description=f"Checking {name} ({made.encoder})")
    lengths, row_shape = _layout(name, checked)
    return _Plan(name, made, entries, place, np.append(lengths, 0), row_shape)


def _entries(
    clean: FeatureSource, others: Sequence[FeatureSource | None], ids: Sequence[str]
) -> tuple[list[tuple[FeatureSource, str]], Int64[np.ndarray, "view entry"]]:
    """What is packed, in order, and its place for each view and id: the view's own, or else the clean one.

    The place is -1 where neither has features.
    """
    present = [identity in clean for identity in ids]
    entries = [(clean, identity) for identity in compress(ids, present)]
    place = np.tile(np.where(present, np.cumsum(present) - 1, -1), (1 + len(others), 1))
    for view, source in enumerate(others, start=1):
        for column, identity in enumerate(ids):
            if source is not None and identity in source:
                place[view, column] = len(entries)
                entries.append((source, identity))
    return entries, place


def _layout(name: str, entries: Iterable[tuple[FeatureSource, str]]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Rows that each entry keeps, and the shape of one row, which all share."""
    lengths: list[int] = []
    first, row_shape = "", None
    for source, identity in entries:
        shape = source.shape(identity)
        check_shape(shape, where=source.where(identity))
        length, *row = shape
        if row_shape is None:
            first, row_shape = source.where(identity), tuple(row)
        if tuple(row) != row_shape:
            raise DataError(
                f"{source.where(identity)}: rows of shape {row}, expected {list(row_shape)} as in "
                f"{first}; all files of one track come from one encoder, with time in their first axis; if "
                f"time is another axis, say so with {track_key(name)}.layout"
            )
        lengths.append(-(-length // source.extraction.stride))
    if row_shape is None:
        raise DataError(f"track {name}: no question's video has features, so that there is nothing to pack")
    return np.array(lengths, np.int64), row_shape


def _write_rows(
    file: IO[bytes],
    entries: Iterable[tuple[FeatureSource, str]],
    *,
    shape: tuple[int, ...],
    dtype: StoredDtype,
) -> None:
    descr = npy.dtype_to_descr(np.dtype(dtype).newbyteorder("<"))
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    for source, identity in entries:
        values, stride = source.read(identity), source.extraction.stride
        file.write(to_stored(values, dtype=dtype, where=source.where(identity), stride=stride).data)


def _index(
    questions: Mapping[str, Sequence[Question]], *, train: Sequence[Question]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Numeric columns by name, and the texts that they point to."""
    every = [question for rows in questions.values() for question in rows]
    clips = _Places((question.audio_id, question.video_id) for question in every)
    heard = _Places(audio_id for audio_id, _ in clips)
    seen = _Places(video_id for _, video_id in clips)
    texts = _Places(question.text for question in every)
    templates = _Places(question.template for question in every)
    labels = _Places([*_answers(train).tokens, *(question.answer for question in every)])
    index = {
        "clip_audio": _column(heard[audio_id] for audio_id, _ in clips),
        "clip_visual": _column(seen[video_id] for _, video_id in clips),
    }
    for split, rows in questions.items():
        index[f"{split}_row"] = _column(question.row for question in rows)
        index[f"{split}_clip"] = _column(clips[question.audio_id, question.video_id] for question in rows)
        index[f"{split}_text"] = _column(texts[question.text] for question in rows)
        index[f"{split}_template"] = _column(templates[question.template] for question in rows)
        index[f"{split}_answer"] = _column(labels[question.answer] for question in rows)
        index[f"{split}_category"] = _column((question.category for question in rows), np.int8)
    prompts = _prompts(questions)
    for split, rows in questions.items() if prompts else ():
        index[f"{split}_prompt"] = _column(prompts[question.prompt] for question in rows)
    words = Vocabulary.from_iterable(word for question in train for word in split_words(question.text))
    strings = {
        "labels": list(labels),
        "words": list(words.tokens),
        "texts": list(texts),
        "templates": list(templates),
        **({"prompts": list(prompts)} if prompts else {}),
        "audio_ids": list(heard),
        "visual_ids": list(seen),
        "question_ids": {
            split: [question.question_id for question in rows] for split, rows in questions.items()
        },
    }
    return index, strings


def _prompts(questions: Mapping[str, Sequence[Question]]) -> "_Places":
    """Places of the distinct prompts; none where no question has one."""
    found = {question.prompt for rows in questions.values() for question in rows}
    if found == {None}:
        return _Places(())
    for split, rows in questions.items():
        for question in rows:
            if question.prompt is None:
                raise DataError(
                    f"{split} row {question.row} (question_id {question.question_id}): no prompt, but other "
                    "questions have one; give each a prompt, or none"
                )
    return _Places(question.prompt for rows in questions.values() for question in rows)


class _Places(dict[Any, int]):
    """Place of each distinct key in order of first appearance."""

    def __init__(self, keys: Iterable[Any]) -> None:
        super().__init__((key, place) for place, key in enumerate(dict.fromkeys(keys)))


def _answers(train: Sequence[Question]) -> Vocabulary:
    return Vocabulary.from_iterable(question.answer for question in train)


def _column(values: Iterable[int], dtype: type = np.int64) -> np.ndarray:
    return np.fromiter(values, dtype)
