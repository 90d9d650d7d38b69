"""Training AVST from the packed store, against the data path of its published code.

The published path opens twelve files an item: the sound, the video's maps, and for each of ten frames the
maps of another video, from which it takes one frame; every file holds 60 maps of 512x14x14 in float32. Wall
time end to end, with the same step of the same model behind both.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from benchmarks._official import ANSWERS, AUDIO, MAPS, ROWS, data_of, one_thread, store
from benchmarks._timing import interleaved, rate, speedups, spread, wall

from avqa_lit.batch import Batch, DataSpec
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.matching import Matching
from avqa_lit.models.avst import AVST

VIDEOS, ITEMS, FRAMES = 32, 16, 10


def measure() -> dict[str, object]:
    """Seconds of the published path by those of the store, for a step of 16 questions."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        asked = {"train": VIDEOS, "val": 1, "test": 1}
        data = data_of(
            store(Path(folder) / "store", videos=VIDEOS, asked=asked, visual=MAPS, rows=FRAMES),
            batch_size=ITEMS,
        )
        data.with_other_videos = True
        files = Files(Path(folder) / "feats")
        step = Step(data.spec)
        chosen = np.random.default_rng(2)

        def rows() -> np.ndarray:
            return chosen.permutation(VIDEOS)[:ITEMS]

        def packed() -> Batch:
            asked = rows()
            others = data.other_clips("train", asked, place=(0, 0))
            return data.gather("train", asked, total=ITEMS, others=others)

        ready = packed()

        def published() -> None:
            files.read(rows())
            step(ready)

        alone = interleaved({"published": lambda: files.read(rows()), "packed": packed}, clock=wall)
        whole = interleaved({"published": published, "packed": lambda: step(packed())}, clock=wall)
    return {
        "target": 10,
        "end to end": speedups(whole, reference="published")["packed"],
        "data alone": speedups(alone, reference="published")["packed"],
        "samples a second": {name: rate(own, items=ITEMS) for name, own in whole.items()},
        "share of data": {
            name: spread([one / all_ for one, all_ in zip(alone[name], whole[name], strict=True)])
            for name in whole
        },
    }


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

    def __init__(self, spec: DataSpec) -> None:
        torch.manual_seed(0)
        self.network = AVST(
            replace(spec, answers=ANSWERS), visual="maps", dim=512, heads=4, frames=FRAMES,
            question_length=14, dropout=0.1,
        )  # fmt: skip
        self.terms = AnswerCrossEntropy(), Matching()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-4, fused=True)

    def __call__(self, batch: Batch) -> None:
        output = self.network(batch.in_full_precision())
        sum(term(output, batch) for term in self.terms).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
