"""Batches gathered from the packed store, against one .npy file per item through a DataLoader.

9,288 videos of official size, warm files, wall time; then the share that gathering has in a training step,
and what files cost that are not in memory yet.
"""

import json
import os
import tempfile
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
from benchmarks._timing import cpu, interleaved, rate, spread, wall
from torch.utils.data import DataLoader, Dataset

from avqa_lit.data.datamodule import AVQADataModule

BATCHES = 20


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
    """Takes so many batches from a DataLoader whose workers stay alive."""

    def __init__(self, files: Files, *, workers: int) -> None:
        sampler = torch.utils.data.RandomSampler(files, replacement=True, num_samples=10**9)
        self.batches = iter(DataLoader(files, batch_size=BATCH, sampler=sampler, num_workers=workers))

    def __call__(self) -> None:
        for _ in range(BATCHES):
            next(self.batches)


def measure() -> dict[str, object]:
    """Seconds of the best number of workers by those of the store, and the share in a step."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        files = Files(Path(folder) / "feats")
        data = data_of(store(Path(folder) / "store"))
        rows = np.random.default_rng(1).integers(QUESTIONS, size=(BATCHES, BATCH))
        ways = {f"files, {workers} workers": Loading(files, workers=workers) for workers in (0, 1, 2)}
        seconds = interleaved({**ways, "store": lambda: _gather(data, rows)}, clock=wall)
        best = [min(turn) for turn in zip(*(seconds[name] for name in ways), strict=True)]
        faster = [slow / fast for slow, fast in zip(best, seconds["store"], strict=True)]
        return {
            "targets": {"store by best files": 30, "share of a step": 0.02},
            "store by best files": spread(faster),
            "samples a second": {name: rate(own, items=BATCHES * BATCH) for name, own in seconds.items()},
            "share of a step": _share(data, rows[0]),
            "cold by warm": _cold(data, rows, warm=seconds["store"]),
        }


def _gather(data: AVQADataModule, steps: np.ndarray) -> None:
    for rows in steps:
        data.gather("train", rows, total=BATCH)


def _share(data: AVQADataModule, rows: np.ndarray) -> dict[str, float]:
    """CPU time of gathering by that of gathering and training on one batch, folded, in float32."""
    step, batch = Step(model("folded"), bfloat16=False), data.gather("train", rows, total=BATCH)
    seconds = interleaved(
        {"gather": lambda: data.gather("train", rows, total=BATCH), "train": lambda: step(batch)}, clock=cpu
    )
    return spread([one / (one + other) for one, other in zip(*seconds.values(), strict=True)])


def _cold(data: AVQADataModule, steps: np.ndarray, *, warm: list[float]) -> dict[str, dict[str, float]]:
    """Wall time with files that the system has forgotten by the warm time, with and without reading ahead."""

    def ahead() -> None:
        data.read_ahead("train", steps.reshape(-1), epoch=None)
        _gather(data, steps)

    found: dict[str, list[float]] = {"as asked for": [], "read ahead": []}
    for _ in warm:
        for name, way in (("as asked for", lambda: _gather(data, steps)), ("read ahead", ahead)):
            for modality in (data.store.audio, data.store.visual):
                with open(modality.array.filename, "rb") as file:  # noqa: PTH123 - a descriptor is needed
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            began = wall()
            way()
            found[name].append(wall() - began)
    return {
        name: spread([cold / hot for cold, hot in zip(own, warm, strict=True)]) for name, own in found.items()
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
