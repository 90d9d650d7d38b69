"""Packed features and questions of a data set, opened for reading."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from jaxtyping import Float32, Int64

from avqa_lit.artifacts.array_files import map_array, read_archive
from avqa_lit.artifacts.json_files import read_json, typed
from avqa_lit.batch import QUESTION, Modality
from avqa_lit.data.digests import DamagedError, check_files
from avqa_lit.data.packed_track import PackedTrack
from avqa_lit.data.question_table import QuestionTable, read_table
from avqa_lit.data.store_checks import (
    STORE,
    TrackFacts,
    check_array,
    check_places,
    check_rows,
    check_texts,
    unfit_told,
)
from avqa_lit.data.text_features import QuestionEncoder, text_features
from avqa_lit.data.token_features import TokenEncoder, TokenFeatures, token_features
from avqa_lit.data.views import CLEAN
from avqa_lit.data.vocabulary import Vocabulary
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.taxonomy import Taxonomy, stored_taxonomy

SCHEMA = 3
MODALITIES: tuple[Modality, ...] = get_args(Modality)
REMEDY = "delete the folder and run python -m avqa_lit.prepare again"


@dataclass(frozen=True)
class FeatureStore:
    """A data set ready for training.

    Attributes:
        path: folder of the store.
        checksum: SHA-256 over everything that the store holds beside cached question features.
        tracks: packed tracks by name.
        ids: what the entries of all tracks of a modality belong to: sounds for audio, videos for visual.
        clip_entry: entry of each clip in the tracks of a modality; a clip is a video together with the sound
            that is heard in it.
        splits: questions of each split.
        dropped: number of questions of each split that were left out because they lack features.
        views: names of the views of each video, the clean one first.
        answers: answers of the train split.
        labels: those answers, then the answers that only other splits give.
        words: words of the train split's questions.
        texts: distinct filled questions of all splits.
        templates: distinct templates of all splits.
        prompts: distinct prompts of all splits; empty where the data have none.
        taxonomy: the categories that the questions fall into.
    """

    path: Path
    checksum: str
    tracks: Mapping[str, PackedTrack]
    ids: Mapping[Modality, tuple[str, ...]]
    clip_entry: Mapping[Modality, Int64[np.ndarray, " clip"]]
    splits: Mapping[str, QuestionTable]
    dropped: Mapping[str, int]
    views: tuple[str, ...]
    answers: Vocabulary
    labels: tuple[str, ...]
    words: Vocabulary
    texts: tuple[str, ...]
    templates: tuple[str, ...]
    taxonomy: Taxonomy
    prompts: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        tracks: Collection[str] | None = None,
        verify: bool = False,
        cache: Path | None = None,
    ) -> "FeatureStore":
        """The store in the folder `path`, whose files are compared with their SHA-256.

        A file is read for this once, and again when its size, time or inode has changed.

        Args:
            path: folder that `python -m avqa_lit.prepare` left.
            tracks: names of the tracks that are opened; None opens all.
            verify: read every file in any case.
            cache: folder that keeps what was found where `path` cannot be written; None keeps nothing there.

        Raises:
            DataError: no store there, or one of another schema.
            DamagedError: a file that is missing or damaged.
        """
        meta = read_meta(path)
        with unfit_told(path, remedy=REMEDY):
            facts = {
                name: TrackFacts.model_validate(about)
                for name, about in meta["tracks"].items()
                if tracks is None or name in tracks
            }
            unread = {about["file"] for name, about in meta["tracks"].items() if name not in facts}
            files = {name: written for name, written in meta["files"].items() if name not in unread}
            check_files(path, files, remedy=REMEDY, cache=cache, again=verify)
            return cls._of_files(path, meta, facts)

    @classmethod
    def _of_files(
        cls, path: Path, meta: Mapping[str, Any], facts: Mapping[str, TrackFacts]
    ) -> "FeatureStore":
        strings = read_json(path / "strings.json", remedy=REMEDY)
        lists = ("labels", "words", "texts", "templates", *(f"{name}_ids" for name in MODALITIES))
        check_texts(strings, (*lists, "prompts") if "prompts" in strings else lists)
        index = read_archive(path / "index.npz", remedy=REMEDY)
        ids: dict[Modality, tuple[str, ...]] = {name: tuple(strings[f"{name}_ids"]) for name in MODALITIES}
        for name in MODALITIES:
            check_places(f"clip_{name}", index[f"clip_{name}"], of=len(ids[name]))
        if len({index[f"clip_{name}"].shape for name in MODALITIES}) > 1:
            raise ValueError("clips of index.npz have not one entry for each modality")
        seen = [ids["visual"][entry] for entry in index["clip_visual"]]
        taxonomy = _taxonomy(path, meta)
        categories = len(taxonomy.names)
        return cls(
            path=path,
            checksum=meta["checksum"],
            tracks={
                name: _track(path, name, about, index, ids[about.modality]) for name, about in facts.items()
            },
            ids=ids,
            clip_entry={name: index[f"clip_{name}"] for name in MODALITIES},
            splits={split: read_table(split, index, strings, seen, categories) for split in meta["splits"]},
            dropped=dict.fromkeys(meta["splits"], 0),
            views=(CLEAN, *meta.get("views", ())),
            answers=Vocabulary(tuple(strings["labels"][: meta["answers"]])),
            labels=tuple(strings["labels"]),
            words=Vocabulary(tuple(strings["words"])),
            texts=tuple(strings["texts"]),
            templates=tuple(strings["templates"]),
            taxonomy=taxonomy,
            prompts=tuple(strings.get("prompts", ())),
        )

    def on(self, device: str | None) -> "FeatureStore":
        """The same store with its features on a device; None leaves them in their files."""
        if device is None:
            return self
        tracks = {name: replace(track, device=device) for name, track in self.tracks.items()}
        return replace(self, tracks=tracks)

    def with_tracks(self, names: Collection[str]) -> "FeatureStore":
        """The same store with these tracks alone, and with the questions that have features in all of them.

        Raises:
            DataError: the store has no such track, or no question of a split has features in all of them.
        """
        for name in names:
            if name not in self.tracks:
                raise DataError(f"{self.path}: no track {name}; it has {', '.join(self.tracks)}")
        tracks = {name: track for name, track in self.tracks.items() if name in names}
        has_all = np.ones(len(self.clip_entry["visual"]), dtype=bool)
        for track in tracks.values():
            has_all &= track.has_features[self.clip_entry[track.modality]]
        if has_all.all():
            return replace(self, tracks=tracks)
        place = np.cumsum(has_all) - 1
        splits, dropped = {}, {}
        for split, table in self.splits.items():
            kept = table.where(has_all[table.clip])
            if not len(kept):
                raise DataError(
                    f"{self.path}: none of the {len(table)} questions of {split} has features in all of the "
                    f"tracks {', '.join(names)}"
                )
            splits[split] = replace(kept, clip=place[kept.clip])
            dropped[split] = self.dropped[split] + len(table) - len(kept)
        entries = {modality: entry[has_all] for modality, entry in self.clip_entry.items()}
        return replace(self, tracks=tracks, clip_entry=entries, splits=splits, dropped=dropped)

    def with_train_share(self, share: float) -> "FeatureStore":
        """The same store with the questions of a share of the training videos, for a learning curve.

        A smaller share is part of a larger one, and the same for every seed. Vocabularies stay those of all
        training videos; the question-only prior is fitted on the share.

        Args:
            share: part of the training videos, in (0, 1]; one video at least.

        Raises:
            ConfigError: another share.
        """
        if not 0 < share <= 1:
            raise ConfigError(f"data.train_share={share}: expected a share in (0, 1]")
        if share == 1 or "train" not in self.splits:
            return self
        table = self.splits["train"]
        clips = np.random.default_rng(0).permutation(np.unique(table.clip))
        kept = np.isin(table.clip, clips[: max(1, round(share * len(clips)))])
        return replace(self, splits={**self.splits, "train": table.where(kept)})

    @property
    def encoders(self) -> dict[str, str]:
        """Name of the network behind each track."""
        return {name: track.encoder for name, track in self.tracks.items()}

    @cached_property
    def unseen_answers(self) -> dict[str, int]:
        """Questions of each split whose answer the train split never gives."""
        known = len(self.answers)
        return {split: int((table.answer >= known).sum()) for split, table in self.splits.items()}

    def text_features(
        self, encoder: QuestionEncoder, *, text: str = QUESTION
    ) -> Float32[np.ndarray, "text dim"]:
        """One vector for each distinct question or prompt, encoded once and kept in the store."""
        return text_features(self.path, self._distinct(text), encoder, text=text)

    def token_features(self, encoder: TokenEncoder, *, text: str = QUESTION) -> TokenFeatures:
        """The vectors of the tokens of each question or prompt, encoded once and kept in the store."""
        return token_features(self.path, self._distinct(text), encoder, text=text)

    def _distinct(self, text: str) -> tuple[str, ...]:
        return self.texts if text == QUESTION else self.prompts


def read_meta(path: Path) -> dict[str, Any]:
    """What store.json says.

    Raises:
        DataError: no store there, or one of another schema.
        DamagedError: a file that was changed.
    """
    file = path / "store.json"
    if not file.exists():
        raise DataError(
            f"{path}: expected a feature store, which holds store.json; found none; make one with "
            "python -m avqa_lit.prepare"
        )
    meta = read_json(file, remedy=REMEDY)
    if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
        schema = meta.get("schema") if isinstance(meta, dict) else None
        raise DataError(f"{file}: schema {schema!r}, expected {SCHEMA}; {REMEDY}")
    if meta.get("checksum") != meta_checksum(meta):
        raise DamagedError(f"{file}: its content does not fit its checksum, it was changed", remedy=REMEDY)
    typed(meta, STORE, where=str(file), remedy=REMEDY)
    return meta


def meta_checksum(meta: Mapping[str, Any]) -> str:
    """Checksum of a store: of what store.json says beside this checksum and the fingerprint."""
    content = {name: value for name, value in meta.items() if name not in ("checksum", "fingerprint")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _taxonomy(path: Path, meta: Mapping[str, Any]) -> Taxonomy:
    try:
        return stored_taxonomy(meta)
    except ValueError as error:
        told = str(error)[:300]
        raise DataError(f"{path / 'store.json'}: the taxonomy cannot be read: {told}; {REMEDY}") from error


def _track(
    path: Path,
    name: str,
    about: TrackFacts,
    index: Mapping[str, np.ndarray],
    ids: tuple[str, ...],
) -> PackedTrack:
    array = map_array(path / about.file, remedy=REMEDY)
    first_row, length = index[f"{name}_first_row"], index[f"{name}_length"]
    check_array(name, array)
    check_rows(name, first_row, length, rows=len(array), ids=len(ids))
    return PackedTrack(
        modality=about.modality,
        array=array,
        ids=ids,
        first_row=first_row,
        length=length,
        encoder=about.encoder,
        seconds_per_row=about.seconds_per_row,
        start_seconds=about.start_seconds,
    )
