"""Batches gathered from the packed store, against one .npy file per item through a DataLoader.

9,288 videos of official size, warm files, wall time, the store read by one thread and by one a core; then the
share that gathering has in a training step, and what files cost that are not in memory yet.
"""

import gc
import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from benchmarks._official import (
    AUDIO,
    BATCH,
    QUESTIONS,
    ROWS,
    VIDEOS,
    VISUAL,
    Step,
    data_of,
    model,
    one_thread,
    store,
)
from benchmarks._timing import ROUNDS, cpu, interleaved, rate, spread, wall
from torch.utils.data import DataLoader, Dataset

from avqa_lit.config.processors import usable_processors
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.store import FeatureStore

BATCHES, STEPS = 40, 5


class Files(Dataset[tuple[torch.Tensor, ...]]):
    """One audio and one visual .npy file a video, in float32 as they are extracted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        pool = np.random.default_rng(0).standard_normal((ROWS, AUDIO[0] + VISUAL[0]), np.float32)
        for name, values in (("audio", pool[:, : AUDIO[0]]), ("visual", pool[:, AUDIO[0] :])):
            (folder / name).mkdir(parents=True)
            for video in range(VIDEOS):
                np.save(folder / name / f"{video}.npy", values)

    def __len__(self) -> int:
        return QUESTIONS

    def __getitem__(self, row: int) -> tuple[torch.Tensor, ...]:
        video = row % VIDEOS
        arrays = (np.load(self.folder / name / f"{video}.npy") for name in ("audio", "visual"))
        return (*map(torch.from_numpy, arrays), torch.tensor(row))


class Loading:
    """Takes so many batches from a DataLoader whose workers stay alive, and rest when all are taken.

    Workers that went on to the next batches would slow down what is timed after them.
    """

    def __init__(self, files: Files, *, workers: int) -> None:
        sampler = torch.utils.data.RandomSampler(files, replacement=True, num_samples=BATCHES * BATCH)
        self.batches = DataLoader(
            files, batch_size=BATCH, sampler=sampler, num_workers=workers, persistent_workers=workers > 0
        )

    def __call__(self) -> None:
        for _ in self.batches:
            pass


def measure() -> dict[str, object]:
    """Seconds of the best number of workers by those of the store, and the share in a step."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        path = Path(folder) / "store"
        store(path)
        rows = np.random.default_rng(1).integers(QUESTIONS, size=(BATCHES, BATCH))
        warm = _warm(path, Files(Path(folder) / "feats"), rows)
        gc.collect()  # a file that is mapped stays in memory
        return {**warm, "cold, samples a second": _cold(path, rows)}


def _warm(path: Path, files: Files, rows: np.ndarray) -> dict[str, object]:
    """The store against the files, all of which the system has in memory."""
    data = data_of(FeatureStore.open(path))
    ways = {f"files, {workers} workers": Loading(files, workers=workers) for workers in (0, 1, 2)}
    stores = {
        f"store, threads: {threads}": lambda threads=threads: _gather(data, rows, threads=threads)
        for threads in sorted({1, usable_processors().count})
    }
    seconds = interleaved({**ways, **stores}, clock=wall)
    best = [min(turn) for turn in zip(*(seconds[name] for name in ways), strict=True)]
    return {
        "targets": {"store by best files": 30, "share of a step": 0.02},
        "store by best files": {
            name: spread([slow / fast for slow, fast in zip(best, seconds[name], strict=True)])
            for name in stores
        },
        "samples a second": {name: rate(own, items=BATCHES * BATCH) for name, own in seconds.items()},
        "share of a step": {
            name: _share(data, bfloat16=half) for name, half in (("float32", False), ("bfloat16", True))
        },
    }


def _gather(data: AVQADataModule, steps: np.ndarray, *, threads: int) -> None:
    torch.set_num_threads(threads)
    for rows in steps:
        data.gather("train", rows, total=BATCH)
    torch.set_num_threads(1)


def _share(data: AVQADataModule, *, bfloat16: bool) -> dict[str, float]:
    """CPU time of getting a batch by that of getting it and training on it, in an epoch of training."""
    step, batches = (
        Step(model("folded"), bfloat16=bfloat16),
        data.loader("train", shuffle=True, rank=0, world_size=1),
    )
    following, shares = iter(batches), []
    step(next(following))
    for _ in range(ROUNDS):
        loading, began = 0.0, cpu()
        for _ in range(STEPS):
            asked = cpu()
            batch = next(following)
            loading += cpu() - asked
            step(batch)
        shares.append(loading / (cpu() - began))
    return spread(shares)


def _cold(path: Path, rows: np.ndarray) -> dict[str, float]:
    """Files that the system has forgotten, with and without reading the next batch ahead."""
    found: dict[str, list[float]] = {"as asked for": [], "read ahead": []}
    for _ in range(ROUNDS):
        for name, seconds in found.items():
            for file in path.glob("*.npy"):
                with file.open("rb+") as opened:
                    os.fsync(opened.fileno())
                    os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            data = data_of(FeatureStore.open(path))
            began = wall()
            for asked, following in pairwise(rows):
                if name == "read ahead":
                    data.read_ahead("train", following, epoch=None)
                data.gather("train", asked, total=BATCH)
            seconds.append(wall() - began)
            del data
            gc.collect()
    return {name: rate(own, items=(BATCHES - 1) * BATCH) for name, own in found.items()}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
