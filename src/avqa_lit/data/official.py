"""MUSIC-AVQA's folder layout, packed into a store."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast, get_args

from avqa_lit.data.annotated import Annotated, annotated_in_store, check_split
from avqa_lit.data.annotations import FieldMap, Question, read_annotations
from avqa_lit.data.build import build_store
from avqa_lit.data.feature_files import Extraction, FeatureFolder, StoredDtype
from avqa_lit.data.oddities import warn_of_oddities
from avqa_lit.data.pack import write_store
from avqa_lit.data.store import SCHEMA, FeatureStore
from avqa_lit.data.text_features import QuestionEncoder
from avqa_lit.data.view_folders import check_videos, view_folders
from avqa_lit.data.views import ALL, CLEAN, check_names
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

SPLITS = ("train", "val", "test")
MISSING = ("error", "drop")
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
        audio: encoder, rate and start of the audio features.
        visual: encoder, rate and start of the visual features.
        batch_size: questions a step over all processes.
        group_by_video: so many questions about a video follow each other in training; 1 leaves them apart.
        train_share: share of the training videos that are trained on, in (0, 1]; other splits stay whole.
        device: where training and evaluation keep the packed features, such as cuda for a store that fits
            there; None leaves them in their files.
        store: folder of the packed store; None is `<raw>_store/<audio encoder>+<visual encoder>`, in which
            an encoder of another stride than 1 has it behind its name, and views stand behind.
        features: folder of the encoders' folders, relative to `raw`.
        missing: "error" refuses a question without features, "drop" leaves it out and counts it; likewise a
            video without features of a view is refused, or counted while the clean ones stand in.
        dtype: precision of the packed features: float16, or float32 for values that float16 cannot hold.
        fields: keys of the annotation files.
        taxonomy: the categories of a data set that has others than MUSIC-AVQA, in the order of tables: a list
            of objects with the keys ``type``, ``modality`` (all or none), ``label`` and ``heading``, of which
            the last two may be left out. None is MUSIC-AVQA's.
        views: folder of each further view of the videos by its name, relative to `raw` and laid out as
            `features`; a view without a folder of one encoder has the clean features of that modality.
            None is no further view.
        view: view that is evaluated.
        train_views: views that training draws from beside the clean one; "all", or names.
        categories: `taxonomy` as it was read.
    """

    raw: str | None
    annotations: Mapping[str, str | None]
    audio: Extraction
    visual: Extraction
    batch_size: int
    store: str | None = None
    features: str = "feats"
    missing: str = "error"
    dtype: str = "float16"
    group_by_video: int = 1
    train_share: float = 1.0
    device: str | None = None
    fields: FieldMap = field(default_factory=FieldMap)
    taxonomy: Sequence[Mapping[str, str | None]] | None = None
    views: Mapping[str, str] | None = None
    view: str = CLEAN
    train_views: str | Sequence[str] = ALL
    categories: Taxonomy = field(init=False)

    def __post_init__(self) -> None:
        for name, value, known in (("missing", self.missing, MISSING), ("dtype", self.dtype, DTYPES)):
            if value not in known:
                raise ConfigError(f"data.{name}={value}: expected {' or '.join(known)}")
        if set(self.annotations) != set(SPLITS):
            raise ConfigError(
                f"data.annotations names the splits {sorted(self.annotations)}, expected {', '.join(SPLITS)}"
            )
        check_names(self.views or {})
        object.__setattr__(self, "categories", _taxonomy(self.taxonomy))

    def prepare(
        self, question: QuestionEncoder | None, *, cache: Path | None = None, progress: bool = True
    ) -> FeatureStore:
        """The up-to-date store, with its question features; built where there is none.

        Args:
            question: question encoder whose features the store shall hold; None for none.
            cache: keeps the checksums of a store whose folder cannot be written.
            progress: show a bar where the output is a terminal.

        Raises:
            DataError: what is missing or wrong in the folder, and what to do about it.
        """
        raw = self._raw()
        store = self._opened(cache) if raw is None else self._build(raw, cache=cache, progress=progress)
        store.text_features(question)
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
            return annotated_in_store(self._opened(cache), split)
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

    def _opened(self, cache: Path | None) -> FeatureStore:
        if self.store is None:
            raise DataError(
                "data.raw is not set, expected the folder of the data set: data.raw=DIR; "
                "or data.store=DIR alone for a store that is packed already"
            )
        return FeatureStore.open(Path(self.store).expanduser(), cache=cache)

    def _build(self, raw: Path, *, cache: Path | None, progress: bool) -> FeatureStore:
        files = {split: self._annotation_file(raw, split) for split in SPLITS}
        self._check_features(raw)
        clean = {
            "audio": FeatureFolder(self.audio, self._folder(raw, self.audio)),
            "visual": FeatureFolder(self.visual, self._folder(raw, self.visual)),
        }
        views = view_folders(raw, self.views or {}, clean)
        fingerprint = self._fingerprint(raw, files, views)

        def write(folder: Path) -> None:
            questions = {split: self._read(file) for split, file in files.items()}
            present = self._present(raw, questions)

            def keep(question: Question) -> bool:
                return question.audio_id in present["audio"] and question.video_id in present["visual"]

            kept = [one for rows in questions.values() for one in rows if keep(one)]
            check_videos(views, kept, may_lack=self.missing == "drop")
            write_store(
                folder,
                questions=questions,
                **clean,
                views=views,
                taxonomy=self.categories,
                dtype=cast(StoredDtype, self.dtype),
                fingerprint=fingerprint,
                keep=keep,
                progress=progress,
            )

        store = build_store(self._store_path(raw), fingerprint=fingerprint, write=write, cache=cache)
        warn_of_oddities(store)
        return store

    def _read(self, file: Path) -> list[Question]:
        return read_annotations(file, fields=self.fields, taxonomy=self.categories)

    def _store_path(self, raw: Path) -> Path:
        if self.store is not None:
            return Path(self.store).expanduser().absolute()
        encoders = [
            one.encoder if one.stride == 1 else f"{one.encoder}_every{one.stride}"
            for one in (self.audio, self.visual)
        ]
        name = "+".join([*encoders, *(self.views or {})]).replace(os.sep, "_")
        return raw.with_name(f"{raw.name}_store") / name

    def _folder(self, raw: Path, extraction: Extraction) -> Path:
        return raw / self.features / extraction.encoder

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

    def _check_features(self, raw: Path) -> None:
        for name, extraction in (("audio", self.audio), ("visual", self.visual)):
            folder = self._folder(raw, extraction)
            if not folder.is_dir():
                parent = folder.parent
                encoders = (
                    sorted(one.name for one in parent.iterdir() if one.is_dir()) if parent.is_dir() else []
                )
                raise DataError(
                    f"{folder}: no folder of {name} features, expected one .npy file a video; "
                    f"encoders there: {', '.join(encoders) or 'none'}; choose with data.{name}.encoder=NAME"
                )

    def _fingerprint(
        self, raw: Path, files: Mapping[str, Path], views: Mapping[str, Mapping[str, FeatureFolder]]
    ) -> str:
        """Hash of the options, the annotations, and the name, size and time of every feature file."""
        options = {
            "schema": SCHEMA,
            "missing": self.missing,
            "dtype": self.dtype,
            "fields": asdict(self.fields),
            "taxonomy": self.categories.to_plain(),
            "audio": asdict(self.audio),
            "visual": asdict(self.visual),
        }
        folders = [self._folder(raw, extraction) for extraction in (self.audio, self.visual)]
        if views:
            options["views"] = {name: list(view) for name, view in views.items()}
            folders += [one.path for view in views.values() for one in view.values()]
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
        for split, file in files.items():
            digest.update(split.encode() + hashlib.sha256(file.read_bytes()).digest())
        for folder in folders:
            for entry in sorted(_features(folder), key=lambda one: one.name):
                status = entry.stat()
                digest.update(f"{entry.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def _present(self, raw: Path, questions: Mapping[str, Sequence[Question]]) -> dict[str, set[str]]:
        """Ids that have features of each modality; refuses to go on without the rest unless told so."""
        present = {
            name: {Path(entry.name).stem for entry in _features(self._folder(raw, extraction))}
            for name, extraction in (("audio", self.audio), ("visual", self.visual))
        }
        lacking = [
            (split, question, name, identity)
            for split, rows in questions.items()
            for question in rows
            for name, identity in (("audio", question.audio_id), ("visual", question.video_id))
            if identity not in present[name]
        ]
        without = {split: {one[1].row for one in lacking if one[0] == split} for split in questions}
        if lacking and self.missing == "error":
            folders = {name: self._folder(raw, getattr(self, name)) for name in present}
            first = "".join(
                f"\n  {split} row {question.row} (question_id {question.question_id}): "
                f"{folders[name] / identity}.npy"
                for split, question, name, identity in lacking[:SHOWN]
            )
            raise DataError(
                f"{sum(map(len, without.values()))} of {sum(map(len, questions.values()))} questions lack a "
                f"feature file; extract it, or leave these questions out with data.missing=drop:{first}"
            )
        for split, rows in without.items():
            if len(rows) == len(questions[split]):
                raise DataError(f"none of the {len(rows)} questions of {split} has its features in {raw}")
        return present


def _taxonomy(given: Sequence[Mapping[str, str | None]] | None) -> Taxonomy:
    try:
        return MUSIC_AVQA if given is None else Taxonomy.from_plain(given)
    except ValueError as error:
        raise ConfigError(f"data.taxonomy: {error}") from error


def _features(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name.endswith(".npy")]
