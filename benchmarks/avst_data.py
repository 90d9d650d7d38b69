"""Training AVST from the packed store, against the data path of its published code.

The published path opens twelve files an item: the sound, the video's maps, and for each of ten frames the
maps of another video, from which it takes one frame; every file holds 60 maps of 512x14x14 in float32. Wall
time end to end, with the same step of the same model behind both; and with our step in bfloat16, which a run
takes by itself where the processor has units for it.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from benchmarks._official import ANSWERS, AUDIO, MAPS, ROWS, data_of, one_thread, store
from benchmarks._timing import interleaved, rate, speedups, spread, wall

from avqa_lit.batch import Batch, ModelSpec
from avqa_lit.config.precision import precision_on
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.matching import Matching
from avqa_lit.models.avst import AVST

VIDEOS, ITEMS, FRAMES, STEPS = 32, 16, 10, 4


def measure() -> dict[str, object]:
    """Seconds of the published path by those of the store, for a step of 16 questions."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        asked = {"train": VIDEOS, "val": 1, "test": 1}
        data = data_of(
            store(Path(folder) / "store", videos=VIDEOS, asked=asked, visual=MAPS, rows=FRAMES),
            batch_size=ITEMS,
            with_other_videos=True,
        )
        files = Files(Path(folder) / "feats")
        chosen = np.random.default_rng(2)

        def rows() -> np.ndarray:
            return chosen.permutation(VIDEOS)[:ITEMS]

        def packed() -> Batch:
            asked = rows()
            others = data.other_clips("train", asked, place=(0, 0))
            return data.gather("train", asked, total=ITEMS, others=others)

        ready, step = packed(), Step(data.spec)

        def published() -> None:
            files.read(rows())
            step(ready)

        alone = {"published": lambda: files.read(rows()), "packed": packed}
        whole = {"published": published, "packed": lambda: step(packed())}
        if precision_on("auto", accelerator="cpu") == "bf16-mixed":
            half = Step(data.spec, bfloat16=True)
            whole["packed, bfloat16"] = lambda: half(packed())
        data_alone, end_to_end = (
            interleaved({name: _several(way) for name, way in ways.items()}, clock=wall)
            for ways in (alone, whole)
        )
    return {
        "target": 10,
        "end to end": speedups(end_to_end, reference="published"),
        "data alone": speedups(data_alone, reference="published")["packed"],
        "samples a second": {name: rate(own, items=STEPS * ITEMS) for name, own in end_to_end.items()},
        "share of data": {
            name: spread([one / all_ for one, all_ in zip(data_alone[name], end_to_end[name], strict=True)])
            for name in data_alone
        },
    }


def _several(way: Callable[[], object]) -> Callable[[], None]:
    """Some steps in a row: a single one would find the caches full of what the other way read."""

    def turn() -> None:
        for _ in range(STEPS):
            way()

    return turn


class Files:
    """Feature files in float32, one a video and modality, read as the published code reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chance = np.random.default_rng(3)
        for name, row in (("audio", AUDIO), ("visual", MAPS)):
            (folder / name).mkdir(parents=True)
            values = self.chance.standard_normal((ROWS, *row), np.float32)
            for video in range(VIDEOS):
                np.save(folder / name / f"{video}.npy", values)

    def read(self, videos: np.ndarray) -> tuple[torch.Tensor, ...]:
        """The videos' sounds and maps beside a frame of another video for each of theirs."""
        every = ROWS // FRAMES
        audio = np.stack([self._load("audio", video)[::every] for video in videos])
        own = np.stack([self._load("visual", video)[::every] for video in videos])
        other = np.stack([self._frames_of_others(video) for video in videos])
        return torch.from_numpy(audio), torch.from_numpy(own), torch.from_numpy(other)

    def _load(self, name: str, video: int) -> np.ndarray:
        return np.load(self.folder / name / f"{video}.npy")

    def _frames_of_others(self, video: int) -> np.ndarray:
        others = (video + self.chance.integers(1, VIDEOS, size=FRAMES)) % VIDEOS
        return np.stack([self._load("visual", other)[self.chance.integers(ROWS)] for other in others])


class Step:
    """Trains AVST on one batch after another."""

    def __init__(self, spec: ModelSpec, *, bfloat16: bool = False) -> None:
        self.bfloat16 = bfloat16
        torch.manual_seed(0)
        self.network = AVST(
            replace(spec, answers=ANSWERS, gives_pairs=True), visual="maps", dim=512, heads=4, frames=FRAMES,
            question_length=14, dropout=0.1,
        )  # fmt: skip
        self.terms = AnswerCrossEntropy(), Matching()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-4, fused=True)

    def __call__(self, batch: Batch) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            output = self.network(batch)
        sum(term(output, batch) for term in self.terms).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
