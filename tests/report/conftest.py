"""Fake sweeps whose files agree with each other: every number follows from the marks question by question."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.categories import CATEGORIES, CATEGORY_NAMES, MODALITIES

TOTALS = (41, 29, 43, 47, 37, 31, 53, 59, 23)
OFFICIAL_TOTALS = (1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822)


def averages(correct: Mapping[str, int], totals: Mapping[str, int]) -> dict[str, float]:
    """All accuracies of the contract, written out the slow way."""
    types = {name: correct[name] / totals[name] for name in totals}
    values = {f"acc/{name}": value for name, value in types.items()}
    means = []
    for modality in MODALITIES:
        names = [name for name in totals if name.split("/")[0] == modality]
        values[f"acc/{modality}/avg"] = sum(correct[one] for one in names) / sum(totals[one] for one in names)
        means.append(sum(types[one] for one in names) / len(names))
        values[f"acc/{modality}/mean_of_types"] = means[-1]
    values["acc/overall"] = sum(correct.values()) / sum(totals.values())
    values["acc/mean_of_types"] = sum(types.values()) / len(types)
    values["acc/mean_of_modalities"] = sum(means) / len(means)
    return values


@dataclass
class FakeSweep:
    """Writes run folders of one test set, and the sweep.json beside them.

    Whether a question is answered depends on its difficulty, which all runs share, and a little on luck.
    """

    folder: Path
    totals: Sequence[int] = TOTALS
    experiment: str = "kl_sweep"
    checksum: str = "c0ffee"
    data: str = "synthetic"
    seed: int = 0
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.categories = [
            name for name, total in zip(CATEGORY_NAMES, self.totals, strict=True) for _ in range(total)
        ]
        self.difficulty = self.rng.random(len(self.categories))
        self.prior = self.rng.random(len(self.categories)) < 0.45

    def marks(self, skill: float, luck: float = 0.05) -> np.ndarray:
        """About a share of `skill` of the questions, mostly the easy ones."""
        return self.difficulty + luck * self.rng.standard_normal(len(self.categories)) < skill

    def add(
        self,
        key: str,
        *,
        skill: float = 0.6,
        val: float | None = None,
        weight: float = 0.0,
        norm: str = "pre",
        seed: int = 0,
        state: str = "finished",
        epochs: int = 5,
        with_predictions: bool = True,
        with_prior: bool = True,
        config: Mapping[str, Any] | None = None,
        marks: np.ndarray | None = None,
    ) -> Path:
        """Write one run and enter it in the sweep."""
        run = RunFolder(self.folder / key)
        run.path.mkdir(parents=True)
        overrides = [f"loss.kl.weight={weight}", f"model.norm={norm}", f"seed={seed}"]
        run.config.write_text(
            yaml.safe_dump(config or self.config(weight=weight, norm=norm, seed=seed)), "utf-8"
        )
        marks = self.marks(skill) if marks is None else marks
        val = float(marks.mean()) if val is None else val
        run.write_results(
            {
                "state": state,
                "key": key,
                "experiment": self.experiment,
                "overrides": overrides,
                "seed": seed,
                "world_size": 1,
                "threads": 1,
                "precision": "32-true",
                "best_epoch": epochs - 1,
                "monitor": "val/acc/overall",
                "parameters": 123457,
                "metrics": self.metrics(marks, val, with_prior) if state == "finished" else {},
                "counts": self.counts(marks) if state == "finished" else {},
                "unseen_answers": 2,
                "dropped_questions": 0,
                "data": {
                    "store": f"/cache/{self.data}",
                    "checksum": self.checksum,
                    "encoders": {"audio": "random-a", "visual": "random-v"},
                    "questions": len(marks),
                },
                "versions": {"torch": "2.6.0", "avqa_lit": "0.1.0"},
                "git": "0123abc",
                "seconds": {"fit": 31.7, "test": 1.1, "total": 33.9},
                "peak_memory_bytes": 512_000_000,
            }
        )
        if with_predictions and state == "finished":
            run.write_predictions("test", self.predictions(marks))
        self.write_curves(run, val, epochs)
        self.jobs.append({"key": key, "overrides": overrides, "state": state, "folder": key})
        return run.path

    def config(self, *, weight: float, norm: str, seed: int) -> dict[str, Any]:
        return {
            "data": {"_target_": f"avqa_lit.data.{self.data}.Source", "seed": 7},
            "model": {"_target_": "avqa_lit.models.cross_attention.CrossAttention", "norm": norm, "dim": 128},
            "loss": {"answer": {"weight": 1.0}, "kl": {"weight": weight, "start_epoch": 0}},
            "trainer": {"max_epochs": 5, "threads": 1},
            "budget": {"name": "quick", "epochs": 5, "videos": 1000},
            "logger": {"name": f"name-{weight}-{norm}"},
            "paths": {"runs": "runs"},
            "experiment": self.experiment,
            "seed": seed,
            "display": False,
        }

    def correct(self, marks: np.ndarray) -> dict[str, int]:
        return {
            name: int(sum(mark for mark, one in zip(marks, self.categories, strict=True) if one == name))
            for name in CATEGORY_NAMES
        }

    def metrics(self, marks: np.ndarray, val: float, with_prior: bool) -> dict[str, float]:
        totals = dict(zip(CATEGORY_NAMES, self.totals, strict=True))
        values = {f"test/{name}": value for name, value in averages(self.correct(marks), totals).items()}
        if with_prior:
            prior = averages(self.correct(self.prior), totals)
            values |= {f"test/prior/{name}": value for name, value in prior.items()}
            values["val/prior/acc/overall"] = 0.44
        return values | {"val/acc/overall": val, "test/f1/macro": 0.5}

    def counts(self, marks: np.ndarray) -> dict[str, dict[str, int]]:
        correct = self.correct(marks)
        totals = zip(CATEGORY_NAMES, self.totals, strict=True)
        return {f"test/{name}": {"correct": correct[name], "total": total} for name, total in totals}

    def predictions(self, marks: np.ndarray) -> list[dict[str, Any]]:
        return [
            {
                "row": row,
                "question_id": str(row + 11),
                "video_id": f"video{row // 3}",
                "category": self.categories[row],
                "template": "t",
                "question": f"Question {row} of {self.data} {self.seed}?",
                "answer": "yes",
                "prediction": "yes" if mark else "no",
                "probability": 0.5,
                "top5": [],
            }
            for row, mark in enumerate(marks)
        ]

    def write_curves(self, run: RunFolder, val: float, epochs: int) -> None:
        rows = []
        for epoch in range(epochs):
            share = (epoch + 1) / epochs
            for step in range(3):
                loss = 3.7 - 2.2 * share**0.5 + 0.1 * self.rng.random()
                rows.append({"step": 3 * epoch + step, "epoch": epoch, "train/loss": loss, "train/lr": 1e-4})
            accuracy = 0.4 + (val - 0.4) * share**0.5
            rows.append({"step": 3 * epoch + 2, "epoch": epoch, "val/acc/overall": accuracy, "val/loss": 1.0})
        run.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def fail(
        self, key: str, *, reason: str = "CUDA out of memory", state: str = "failed", log: str = ""
    ) -> None:
        """Enter a job that left no results."""
        (self.folder / key).mkdir(parents=True)
        job = {
            "key": key,
            "overrides": ["loss.kl.weight=9.0"],
            "state": state,
            "folder": key,
            "reason": reason,
        }
        if log:
            (self.folder / key / "job.log").write_text(log, "utf-8")
            job["log"] = f"{key}/job.log"
        self.jobs.append(job)

    def write(self) -> Path:
        """Write sweep.json."""
        command = f"python -m avqa_lit.train +experiment={self.experiment}"
        sweep = {"schema": 1, "experiment": self.experiment, "command": command, "jobs": self.jobs}
        (self.folder / "sweep.json").write_text(json.dumps(sweep), "utf-8")
        return self.folder


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., FakeSweep]:
    """Makes a `FakeSweep` in a folder of its own."""

    def make(name: str = "kl_sweep", **arguments: Any) -> FakeSweep:
        return FakeSweep(tmp_path / "runs" / name, experiment=name, **arguments)

    return make


__all__ = ["CATEGORIES", "OFFICIAL_TOTALS", "TOTALS", "FakeSweep", "averages"]
