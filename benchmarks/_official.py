"""Generated data of MUSIC-AVQA's official size: 60 rows of VGGish and ResNet-18 vectors a video."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avqa_lit.batch import Batch, ModelSpec, Seats, Text, TextSpec, Track, TrackSpec
from avqa_lit.data.annotations import Question
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.pack import write_store
from avqa_lit.data.serving import Serving
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.texts import TextFeatures
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion
from avqa_lit.taxonomy import MUSIC_AVQA

VIDEOS, QUESTIONS, ROWS, ANSWERS = 9_288, 31_927, 60, 42
AUDIO, VISUAL, MAPS, TEXT = (128,), (512,), (512, 14, 14), 512
BATCH = 64
SPEC = ModelSpec(
    tracks={"audio": TrackSpec("audio", AUDIO), "visual": TrackSpec("visual", VISUAL)},
    texts={"question": TextSpec(TEXT)},
    words=93,
    answers=ANSWERS,
    gives_tokens=False,
)


def model(attention: str, *, blocks: int = 2, spec: ModelSpec = SPEC) -> CrossAttention:
    """The poster's model at width 512, without alignment losses."""
    torch.manual_seed(0)
    return CrossAttention(
        spec, question=CachedQuestion(spec), tracks=["audio", "visual"], norm="pre", dim=512, heads=8,
        blocks=blocks, queries=1, hidden=1024, dropout=0.1, attention=attention,
    )  # fmt: skip


def batch(*, videos: int = BATCH, rows: int = ROWS, visual: tuple[int, ...] = VISUAL) -> Batch:
    """A batch of 64 questions, spread evenly over so many videos."""
    generator = torch.Generator().manual_seed(0)
    seconds = torch.arange(rows).float().expand(videos, rows)

    def track(row: tuple[int, ...]) -> Track:
        values = torch.randn(videos, rows, *row, generator=generator)
        return Track(values, torch.ones(videos, rows, dtype=torch.bool), seconds)

    video = torch.arange(BATCH) % videos
    return Batch(
        tracks={"audio": track(AUDIO), "visual": track(visual)},
        clip=torch.arange(videos),
        texts={"question": Text(torch.randn(BATCH, TEXT, generator=generator))},
        words=torch.ones(BATCH, 1, dtype=torch.int64),
        video=video,
        seats=Seats.of(video, videos=videos),
        answer=torch.randint(0, ANSWERS, (BATCH,), generator=generator),
        category=video % len(MUSIC_AVQA),
        row=torch.arange(BATCH),
        weight=torch.ones(BATCH),
        total=BATCH,
    )


class Step:
    """One step of training after another, without a Trainer."""

    def __init__(self, network: torch.nn.Module, *, bfloat16: bool) -> None:
        self.network = network
        self.bfloat16 = bfloat16
        self.loss = AnswerCrossEntropy()
        self.optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)

    def __call__(self, data: Batch) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            output = self.network(data)
        self.loss(output, data).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


@contextmanager
def one_thread() -> Any:
    """Compute on one thread inside the block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Generated:
    """Features that no encoder made: rows of one random array, begun at another place for each video."""

    extraction: Extraction
    row: tuple[int, ...]
    rows: int = ROWS

    def __contains__(self, identity: str) -> bool:
        return True

    def where(self, identity: str) -> str:
        return f"generated features of {identity}"

    def shape(self, identity: str) -> tuple[int, ...]:
        return (self.rows, *self.row)

    def read(self, identity: str) -> np.ndarray:
        first = int(identity) % 101
        return self._pool()[first : first + self.rows]

    def _pool(self) -> np.ndarray:
        if self.row not in _POOLS:
            shape = (self.rows + 101, *self.row)
            _POOLS[self.row] = np.random.default_rng(0).standard_normal(shape, np.float32).astype(np.float16)
        return _POOLS[self.row]


_POOLS: dict[tuple[int, ...], np.ndarray] = {}


def questions(number: int, *, videos: int) -> list[Question]:
    """Questions about the videos in turn, of which each text is asked often."""
    return [
        Question(
            row, str(row), str(row % videos), str(row % videos), row % len(MUSIC_AVQA), "How loud is it?",
            f"How loud is instrument {row % 1298}?", f"answer {row % ANSWERS}",
        )
        for row in range(number)
    ]  # fmt: skip


def store(
    folder: Path,
    *,
    videos: int = VIDEOS,
    asked: Mapping[str, int] | None = None,
    visual: tuple[int, ...] = VISUAL,
    rows: int = ROWS,
) -> FeatureStore:
    """A packed store in `folder`; unless told otherwise, all questions are of the train split."""
    folder.mkdir(parents=True)
    asked = asked or {"train": QUESTIONS, "val": BATCH, "test": BATCH}
    write_store(
        folder,
        questions={split: questions(number, videos=videos) for split, number in asked.items()},
        tracks={
            "audio": Generated(Extraction("generated"), AUDIO),
            "visual": Generated(Extraction("generated", seconds_per_row=ROWS / rows), visual, rows),
        },
        dtype="float16",
        fingerprint="generated",
    )
    return FeatureStore.open(folder)


def data_of(opened: FeatureStore, *, with_other_videos: bool = False, **serving: Any) -> AVQADataModule:
    """The store's batches, with random question features."""
    features = np.random.default_rng(0).standard_normal((len(opened.texts), TEXT), np.float32)
    index = {split: table.text for split, table in opened.splits.items()}
    return AVQADataModule(
        opened,
        serving=Serving(**{"batch_size": BATCH, **serving}),
        texts={"question": TextFeatures(index, features)},
        seed=0,
        with_other_videos=with_other_videos,
    )


def spec_of(visual: tuple[int, ...]) -> ModelSpec:
    """The official sizes with other visual rows."""
    return replace(SPEC, tracks={**SPEC.tracks, "visual": TrackSpec("visual", visual)})
