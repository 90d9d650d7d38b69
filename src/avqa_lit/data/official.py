"""MUSIC-AVQA's folder layout, packed into a store."""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from avqa_lit.batch import Modality
from avqa_lit.data.annotated import Annotated, annotated_in_store, check_split
from avqa_lit.data.annotations import FieldMap, Question, read_annotations
from avqa_lit.data.build import build_store
from avqa_lit.data.feature_files import Extraction, extraction_of, modality_of
from avqa_lit.data.feature_folder import FeatureFolder
from avqa_lit.data.fingerprint import fingerprint_of
from avqa_lit.data.misreading import check_tracks, rows_of_clips
from avqa_lit.data.oddities import warn_of_oddities
from avqa_lit.data.pack import write_store
from avqa_lit.data.presence import presence_in_folders, presence_in_store, questions_in_store
from avqa_lit.data.store import SCHEMA, FeatureStore
from avqa_lit.data.stored_values import StoredDtype
from avqa_lit.data.view_folders import clean_folders, view_folders
from avqa_lit.data.views import check_names
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

SPLITS = ("train", "val", "test")
MISSING = ("error", "drop")
IMPLAUSIBLE = ("error", "accept")
DTYPES = get_args(StoredDtype)
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class OfficialLayout:
    """Annotations and features as MUSIC-AVQA is published: `json/` and `feats/<encoder>/<video_id>.npy`.

    References:
        Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
        https://arxiv.org/abs/2203.14072

    Attributes:
        raw: folder that holds the annotations and features; None where `store` is all there is.
        annotations: file of each split, relative to `raw`; None for a split that is not there, which is
            enough to score another one.
        audio: encoder, rate and start of the features of the track "audio"; None where there are none.
        visual: the same of the track "visual".
        tracks: further tracks by name, each with its `modality` and the keys of `audio` and `visual`.
        store: folder of the packed store; None is `<raw>_store/<audio encoder>+<visual encoder>`, followed by
            the encoders of further tracks and by views; a stride other than 1 follows its encoder's name.
        features: folder of the encoders' folders, relative to `raw`.
        missing: "error" refuses a question without features, "drop" leaves it out and counts it; likewise a
            video without features of a view is refused, or counted while the clean ones stand in.
        implausible: "error" refuses tracks whose axes or spans of time say that they were misread, "accept"
            packs and reads them as they are.
        dtype: precision of the packed features: float16, or float32 for values that float16 cannot hold.
        fields: keys of the annotation files.
        taxonomy: the categories of a data set that has others than MUSIC-AVQA, in the order of tables: a list
            of objects with the keys ``type``, ``modality`` (all or none), ``label`` and ``heading``, of which
            the last two may be left out. None is MUSIC-AVQA's.
        views: folder of each further view of the videos by its name, relative to `raw` and laid out as
            `features`; a view without a folder of one encoder has the clean features of that modality.
            None is no further view.
    """

    raw: str | None
    annotations: Mapping[str, str | None]
    audio: Extraction | None
    visual: Extraction | None
    tracks: Mapping[str, Extraction | Mapping[str, Any]] | None = None
    store: str | None = None
    features: str = "feats"
    missing: Literal["error", "drop"] = "error"
    implausible: Literal["error", "accept"] = "error"
    dtype: StoredDtype = "float16"
    fields: FieldMap = field(default_factory=FieldMap)
    taxonomy: Sequence[Mapping[str, str | None]] | None = None
    views: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("missing", self.missing, MISSING),
            ("implausible", self.implausible, IMPLAUSIBLE),
            ("dtype", self.dtype, DTYPES),
        ):
            if value not in known:
                raise ConfigError(f"data.{name}={value}: expected {' or '.join(known)}")
        if set(self.annotations) != set(SPLITS):
            raise ConfigError(
                f"data.annotations names the splits {sorted(self.annotations)}, expected {', '.join(SPLITS)}"
            )
        check_names(self.views or {})
        if not self.extractions:
            raise ConfigError("data.audio and data.visual are null, and data.tracks is empty: name a track")
        self.categories  # noqa: B018  # refused before any file is read

    @cached_property
    def categories(self) -> Taxonomy:
        """`taxonomy` as it was read."""
        try:
            return MUSIC_AVQA if self.taxonomy is None else Taxonomy.from_plain(self.taxonomy)
        except ValueError as error:
            raise ConfigError(f"data.taxonomy: {error}") from error

    @cached_property
    def extractions(self) -> dict[str, Extraction]:
        """How the features of each track were made, by the track's name."""
        named: dict[str, Extraction | Mapping[str, Any] | None] = {"audio": self.audio, "visual": self.visual}
        for name, track in (self.tracks or {}).items():
            if name in named:
                raise ConfigError(f"data.tracks.{name}: a second track {name}; set data.{name}, or rename it")
            named[name] = track
        return {
            name: track if isinstance(track, Extraction) else extraction_of(track, key=f"data.tracks.{name}")
            for name, track in named.items()
            if track is not None
        }

    @property
    def track_modalities(self) -> Mapping[str, Modality]:
        """Modality of each track, by its name."""
        return {name: modality_of(name, track) for name, track in self.extractions.items()}

    def prepare(
        self,
        *,
        tracks: Collection[str] | None = None,
        cache: Path | None = None,
        progress: bool = True,
    ) -> FeatureStore:
        """The up-to-date store; built where there is none.

        It holds every track that has a folder; of tracks that are not asked for, files may be missing.

        Args:
            tracks: names of tracks; None for all.
            cache: keeps the checksums of a store whose folder cannot be written.
            progress: show a bar where the output is a terminal.

        Raises:
            DataError: what is missing or wrong in the folder, and what to do about it.
        """
        raw = self._raw()
        wanted = tuple(self.extractions) if tracks is None else tuple(tracks)
        if raw is None:
            store = self._opened(cache, wanted).with_tracks(wanted)
        else:
            store = self._build(raw, wanted, cache=cache, progress=progress)
        if self.implausible == "error":
            check_tracks(rows_of_clips(store, {name: made.stride for name, made in self.extractions.items()}))
        return store

    def annotated(self, split: str, *, cache: Path | None = None) -> Annotated:
        """A split's questions, read from the annotations; from the store where there is no raw folder.

        Args:
            split: train, val or test.
            cache: keeps the checksums of a store whose folder cannot be written.

        Raises:
            DataError: no such split, or annotations that cannot be read.
        """
        raw = self._raw()
        if raw is None:
            return annotated_in_store(self._opened(cache, ()), split)
        check_split(split, SPLITS, where=raw)
        asked = self._annotation_file(raw, split)
        no_train = self._no_train(raw)
        train = None if no_train else self._annotation_file(raw, "train")
        files = [asked] if train is None else [train, asked]
        digests = [hashlib.sha256(file.read_bytes()).digest() for file in files]
        return Annotated(
            where=raw,
            checksum=hashlib.sha256(b"".join(digests)).hexdigest(),
            split=split,
            train=None if train is None else self._read(train),
            asked=self._read(asked),
            taxonomy=self.categories,
            train_name="" if train is None else train.name,
            no_train=no_train,
        )

    def _no_train(self, raw: Path) -> str:
        """Why there are no train questions; empty where their file is there."""
        name = self.annotations["train"]
        if name is None:
            return "data.annotations.train is null"
        file = raw / name
        return "" if file.is_file() else f"{file} does not exist (name it with data.annotations.train=FILE)"

    def _raw(self) -> Path | None:
        return None if self.raw is None else Path(self.raw).expanduser().absolute()

    def _opened(self, cache: Path | None, tracks: Collection[str]) -> FeatureStore:
        if self.store is None:
            raise DataError(
                "data.raw is not set, expected the folder of the data set: data.raw=DIR; "
                "or data.store=DIR alone for a store that is packed already"
            )
        return FeatureStore.open(Path(self.store).expanduser(), tracks=tracks, cache=cache)

    def _build(
        self, raw: Path, wanted: Collection[str], *, cache: Path | None, progress: bool
    ) -> FeatureStore:
        files = {split: self._annotation_file(raw, split) for split in SPLITS}
        clean = clean_folders(raw / self.features, self.extractions, wanted=wanted)
        views = view_folders(raw, self.views or {}, clean)
        fingerprint = fingerprint_of(
            self._options(clean, views), annotations=files, folders=(clean, *views.values())
        )
        needed = {name: self.track_modalities[name] for name in wanted}
        may_lack = self.missing == "drop"

        def write(folder: Path) -> None:
            questions = {split: self._read(file) for split, file in files.items()}
            presence_in_folders(clean, views).check(questions, needed, may_lack=may_lack)
            write_store(
                folder,
                questions=questions,
                tracks=clean,
                views=views,
                taxonomy=self.categories,
                dtype=self.dtype,
                fingerprint=fingerprint,
                plausible=wanted if self.implausible == "error" else (),
                progress=progress,
            )

        store = build_store(
            self._store_path(raw),
            fingerprint=fingerprint,
            write=write,
            remedy="name another folder with data.store=DIR",
            tracks=wanted,
            cache=cache,
        )
        if not all(track.is_complete for track in store.tracks.values()):
            # Packed for a model that reads fewer tracks.
            presence_in_store(store, clean, views).check(questions_in_store(store), needed, may_lack=may_lack)
        store = store.with_tracks(wanted)
        warn_of_oddities(store)
        return store

    def _options(
        self, clean: Mapping[str, FeatureFolder], views: Mapping[str, Mapping[str, FeatureFolder]]
    ) -> dict[str, Any]:
        """What a store depends on beside the files that it is made from."""
        return {
            "schema": SCHEMA,
            "dtype": self.dtype,
            "fields": asdict(self.fields),
            "taxonomy": self.categories.to_plain(),
            "tracks": {name: asdict(folder.extraction) for name, folder in clean.items()},
            "views": {name: list(view) for name, view in views.items()},
        }

    def _read(self, file: Path) -> list[Question]:
        return read_annotations(file, fields=self.fields, taxonomy=self.categories)

    def _store_path(self, raw: Path) -> Path:
        if self.store is not None:
            return Path(self.store).expanduser().absolute()
        encoders = [
            track.encoder if track.stride == 1 else f"{track.encoder}_every{track.stride}"
            for track in self.extractions.values()
        ]
        name = "+".join([*encoders, *(self.views or {})]).replace(os.sep, "_")
        return raw.with_name(f"{raw.name}_store") / name

    def _annotation_file(self, raw: Path, split: str) -> Path:
        if not raw.is_dir():
            raise DataError(
                f"data.raw={raw}: no such folder, expected one that holds json/ and {self.features}/"
            )
        name = self.annotations[split]
        if name is None:
            raise DataError(
                f"data.annotations.{split} is null, but the questions of {split} are needed here: name their "
                f"file with data.annotations.{split}=FILE"
            )
        file = raw / name
        if not file.is_file():
            found = ", ".join(sorted(entry.name for entry in raw.iterdir())[:SHOWN]) or "nothing"
            raise DataError(
                f"{file}: no annotation file of the {split} split, {raw} holds {found}; "
                f"put it there, or name it with data.annotations.{split}=FILE"
            )
        return file
