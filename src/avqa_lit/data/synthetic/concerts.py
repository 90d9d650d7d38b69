"""The embedded data set: simulated concerts, as a packed store or in the official layout."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from avqa_lit.artifacts.atomic import write_json, write_text
from avqa_lit.batch import Modality
from avqa_lit.data.annotated import Annotated, annotated_in_store
from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.build import build_store
from avqa_lit.data.feature_files import Extraction, FeatureArrays, modality_of
from avqa_lit.data.pack import write_store
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.stored_values import StoredDtype
from avqa_lit.data.synthetic.encoders import AUDIO_SECONDS, VISUAL_SECONDS
from avqa_lit.data.synthetic.questions import Question, QuestionDrawer
from avqa_lit.data.synthetic.scenes import Scene, simulate
from avqa_lit.data.synthetic.templates import TAXONOMY
from avqa_lit.data.synthetic.views import VIEWS, check_known, record
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.ranges import Count, NonNegative, Seed
from avqa_lit.taxonomy import modality_title

SPLITS = ("train", "val", "test")
AUDIO = Extraction("synthetic_audio", AUDIO_SECONDS)
VISUAL = Extraction("synthetic_visual", VISUAL_SECONDS)
EXTRACTIONS = {"audio": AUDIO, "visual": VISUAL}
MARKER = "SYNTHETIC.md"  # tells a folder that we wrote from one that is somebody else's

_TYPES = {
    category.name: json.dumps([modality_title(category.modality).title(), category.type.title()])
    for category in TAXONOMY.categories
    if category.modality is not None
}


@dataclass(frozen=True)
class Video:
    """One simulated video of a split: its scene, tracks and questions, and what other views change."""

    number: int
    split: str
    scene: Scene
    audio: np.ndarray
    visual: np.ndarray
    questions: tuple[Question, ...]
    views: Mapping[str, Mapping[str, np.ndarray]]

    @property
    def video_id(self) -> str:
        """Name of its feature files."""
        return f"concert_{self.number:06d}"


@dataclass(frozen=True, kw_only=True)
class SyntheticConcerts:
    """A seeded concert simulator, which needs no download.

    Attributes:
        seed: drives scenes, noise and questions; the encoders are the same for every seed.
        videos: number of videos, of which 7 in 10 train, 1 validates and 2 test.
        questions_per_video: questions a video, each from another template.
        noise: standard deviation of the noise in both encoders.
        dtype: precision of the features, float16 or float32.
        export: folder for `python -m avqa_lit.prepare` to write the official layout to; None packs a store.
        views: further views of each video, names in `avqa_lit.data.synthetic.views.VIEWS`.
    """

    seed: Seed
    videos: Count
    questions_per_video: Count
    noise: NonNegative
    dtype: StoredDtype = "float16"
    export: str | None = None
    views: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ConfigError(f"data.seed={self.seed}: expected 0 or more")
        if self.videos < 10:
            raise ConfigError(f"data.videos={self.videos}: expected 10 or more, so that every split has some")
        if self.questions_per_video < 1:
            raise ConfigError(f"data.questions_per_video={self.questions_per_video}: expected 1 or more")
        if self.dtype not in get_args(StoredDtype):
            raise ConfigError(f"data.dtype={self.dtype}: expected {' or '.join(get_args(StoredDtype))}")
        if not 0 <= self.noise < float("inf"):
            raise ConfigError(f"data.noise={self.noise}: expected 0 or more")
        check_known(self.views)

    @cached_property
    def generated(self) -> tuple[Video, ...]:
        """All videos, in order of their numbers."""
        drawers = {split: QuestionDrawer(questions_per_video=self.questions_per_video) for split in SPLITS}
        return tuple(self._video(number, drawers) for number in range(self.videos))

    @property
    def track_modalities(self) -> Mapping[str, Modality]:
        """Modality of each track, by its name."""
        return {name: modality_of(name, extraction) for name, extraction in EXTRACTIONS.items()}

    def prepare(
        self, *, tracks: Collection[str] | None = None, cache: Path, progress: bool = True
    ) -> FeatureStore:
        """The packed store, built on first use.

        Args:
            tracks: names of tracks; None for all.
            cache: folder in which the store gets a folder of its own.
            progress: show a bar where the output is a terminal.
        """
        return self._build(cache, tracks, progress=progress)

    def annotated(self, split: str, *, cache: Path) -> Annotated:
        """A split's questions.

        Args:
            split: train, val or test.
            cache: folder in which the store gets a folder of its own.
        """
        return annotated_in_store(self._build(cache, (), progress=False), split)

    def _build(self, cache: Path, tracks: Collection[str] | None, *, progress: bool) -> FeatureStore:
        def write(folder: Path) -> None:
            with tempfile.TemporaryDirectory() as raw:
                self._write_annotations(Path(raw))
                write_store(
                    folder,
                    questions={
                        split: read_annotations(_annotations(Path(raw), split), taxonomy=TAXONOMY)
                        for split in SPLITS
                    },
                    taxonomy=TAXONOMY,
                    tracks={
                        "audio": FeatureArrays(
                            AUDIO, {video.video_id: video.audio for video in self.generated}
                        ),
                        "visual": FeatureArrays(
                            VISUAL, {video.video_id: video.visual for video in self.generated}
                        ),
                    },
                    views={name: self._view(name) for name in self.views},
                    dtype=self.dtype,
                    fingerprint=self.key,
                    progress=progress,
                )

        return build_store(
            cache.expanduser().absolute() / self.key[:12],
            fingerprint=self.key,
            write=write,
            remedy="name a folder on another disk with paths.cache=DIR, or build less with data.videos=N",
            tracks=tracks,
        )

    def export_to(self, folder: Path) -> Path:
        """Write the official layout to `folder`, whole or not at all; what we wrote there before is replaced.

        Raises:
            DataError: the folder holds something else.
        """
        folder = folder.expanduser().absolute()
        if folder.exists() and not (folder / MARKER).is_file() and not _is_empty(folder):
            raise DataError(
                f"data.export={folder}: holds something else than exported concerts, and is left alone; "
                "name a new folder"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp"
        ) as temporary:
            new = Path(temporary) / "new"
            self._write_annotations(new)
            self._write_features(new)
            write_text(new / MARKER, _read_me(self, folder))
            if folder.exists():
                shutil.move(folder, Path(temporary) / "old")
            new.rename(folder)
        return folder

    @cached_property
    def key(self) -> str:
        """Hash of the options and of the simulator's own source: equal keys, equal data."""
        options = asdict(self)
        del options["export"]  # without effect on the data
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
        for source in sorted(Path(__file__).parent.glob("*.py")):
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def _video(self, number: int, drawers: dict[str, QuestionDrawer]) -> Video:
        """Questions have a stream of chance of their own, so that no feature depends on them."""
        scene = simulate(self.seed, number)
        recorded = partial(record, scene, seed=self.seed, number=number, noise=self.noise, dtype=self.dtype)
        questions = np.random.default_rng((self.seed, number, 2))
        split = "val" if number % 10 == 7 else "test" if number % 10 > 7 else "train"
        return Video(
            number,
            split,
            scene,
            **recorded(),
            questions=tuple(drawers[split].draw(scene, questions)),
            views={name: recorded(view=name) for name in self.views},
        )

    def _view(self, name: str) -> dict[str, FeatureArrays]:
        """Features of a view by modality, where it has its own."""
        return {
            modality: FeatureArrays(
                EXTRACTIONS[modality], {one.video_id: one.views[name][modality] for one in self.generated}
            )
            for modality in VIEWS[name].modalities
        }

    def _write_annotations(self, folder: Path) -> None:
        first = 0
        for split in SPLITS:
            rows = list(_rows((one for one in self.generated if one.split == split), first))
            write_json(_annotations(folder, split), rows)
            first += len(rows)

    def _write_features(self, folder: Path) -> None:
        for video in self.generated:
            clean = {"feats": {"audio": video.audio, "visual": video.visual}}
            for place, features in (
                clean | {f"feats_{name}": view for name, view in video.views.items()}
            ).items():
                for modality, values in features.items():
                    file = folder / place / EXTRACTIONS[modality].encoder / f"{video.video_id}.npy"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    np.save(file, values)


def _annotations(folder: Path, split: str) -> Path:
    return folder / "json" / f"avqa-{split}.json"


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _rows(videos: Iterable[Video], first: int) -> Iterable[dict[str, Any]]:
    """Questions in the official format; `anser` is how its files spell it."""
    asked = ((video, question) for video in videos for question in video.questions)
    for number, (video, question) in enumerate(asked, start=first):
        yield {
            "video_id": video.video_id,
            "question_id": number,
            "type": _TYPES[question.template.category],
            "question_content": question.template.text,
            "templ_values": json.dumps(question.values),
            "question_deleted": 0,
            "anser": question.answer,
        }


def _read_me(concerts: SyntheticConcerts, folder: Path) -> str:
    options = "".join(
        f" data.{name}.encoder={one.encoder} data.{name}.seconds_per_row={one.seconds_per_row}"
        for name, one in EXTRACTIONS.items()
    )
    views = ",".join(f"{name}:feats_{name}" for name in concerts.views)
    if views:
        options += f" 'data.views={{{views}}}'"
    return (
        "# Simulated concerts in the layout of MUSIC-AVQA\n\n"
        f"seed {concerts.seed}, {concerts.videos} videos, {concerts.questions_per_video} questions a video, "
        f"noise {concerts.noise}\n\n"
        f"    python -m avqa_lit.prepare data=music_avqa data.raw={folder}{options}\n"
    )
