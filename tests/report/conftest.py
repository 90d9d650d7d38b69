"""Fake sweeps whose files agree with each other: every number follows from the marks question by question."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.attention import Attention, TrackAttention, write_attention
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

NUMBERS = ("zero", "one", "two", "three", "four", "five", "more than ten")
PLACES = (
    "left",
    "right",
    "middle",
    "accordion",
    "acoustic_guitar",
    "cello",
    "electric_bass",
    "flute",
    "violin",
)
ANSWERS = (NUMBERS, ("yes", "no"), NUMBERS, PLACES, ("yes", "no"), PLACES, NUMBERS, ("yes", "no"), PLACES)
OFFICIAL = (1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822)


@dataclass
class FakeSweep:
    """Writes run folders of one test set, and the sweep.json beside them.

    Whether a question is answered depends on its difficulty, which all runs share, and a little on luck.
    """

    official: ClassVar = OFFICIAL
    folder: Path
    totals: tuple[int, ...] = (41, 29, 43, 47, 37, 31, 53, 59, 23)
    experiment: str = "kl_sweep"
    checksum: str = "c0ffee"
    data: str = "synthetic"
    budget: str = "quick"
    questions: str = "asked"
    seed: int = 0
    taxonomy: Taxonomy = MUSIC_AVQA
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.names = self.taxonomy.names
        self.categories = np.repeat(self.names, self.totals)
        self.difficulty = self.rng.random(len(self.categories))
        self.prior = self.rng.random(len(self.categories)) < 0.45
        of_answers = np.random.default_rng(self.seed + 1)
        kinds = [ANSWERS[self.names.index(name)] for name in self.categories]
        self.truths = [str(of_answers.choice(kind)) for kind in kinds]
        self.mistakes = [
            str(of_answers.choice([one for one in kind if one != truth]))
            for kind, truth in zip(kinds, self.truths, strict=True)
        ]
        self.probabilities = of_answers.uniform(0.3, 1, len(kinds)).round(4)

    def marks(self, skill, luck=0.05):
        """About a share of `skill` of the questions, mostly the easy ones."""
        return self.difficulty + luck * self.rng.standard_normal(len(self.categories)) < skill

    def add(
        self,
        key,
        *,
        marks=None,
        skill=0.6,
        val=None,
        weight=0.0,
        norm="pre",
        seed=0,
        state="finished",
        epochs=5,
        predictions="with",
        prior=True,
        config=None,
        **results,
    ):
        """Write one run and enter it in the sweep; `predictions` is with, without or with prior."""
        run = RunFolder(self.folder / key)
        run.path.mkdir(parents=True)
        overrides = [f"loss.kl.weight={weight}", f"model.norm={norm}", f"seed={seed}"]
        config = config or self.config(weight=weight, norm=norm, seed=seed)
        run.config.write_text(yaml.safe_dump(config), "utf-8")
        marks = self.marks(skill) if marks is None else marks
        val = float(marks.mean()) if val is None else val
        done = state == "finished"
        write_json(
            run.results,
            {
                "schema": 1,
                "state": state,
                "key": key,
                "experiment": self.experiment,
                "overrides": overrides,
                "seed": seed,
                "monitor": "val/acc/overall",
                **self.provenance(epochs),
                "metrics": self.metrics(marks, val, prior) if done else {},
                "counts": self.counts("test", marks) if done else {},
                "taxonomy": self.taxonomy.to_plain(),
                **results,
            },
        )
        if predictions != "without" and done:
            run.write_predictions("test", self.predictions(marks, with_prior=predictions == "with prior"))
        self.write_curves(run, val, epochs)
        self.jobs.append({"key": key, "overrides": overrides, "state": state, "folder": key})
        return run.path

    def provenance(self, epochs):
        encoders = {"audio": f"{self.data}-a", "visual": f"{self.data}-v"}
        return {
            "world_size": 1,
            "threads": 1,
            "precision": "32-true",
            "best_epoch": epochs - 1,
            "parameters": 123457,
            "unseen_answers": {"val": 0, "test": 2},
            "dropped_questions": {"test": 3},
            "data": {
                "store": f"/cache/{self.data}",
                "checksum": self.checksum,
                "encoders": encoders,
                "questions": {"train": 1709},
            },
            "versions": {"torch": "2.6.0", "avqa_lit": "0.1.0"},
            "git": "0123abc",
            "seconds": {"fit": 31.7, "test": 1.1, "total": 33.9},
            "peak_memory_bytes": 512_000_000,
        }

    def config(self, *, weight, norm, seed):
        return {
            "data": {"_target_": f"avqa_lit.data.{self.data}.Source", "raw": f"/raw/{self.data}", "seed": 7},
            "model": {"_target_": "avqa_lit.models.cross_attention.CrossAttention", "norm": norm, "dim": 128},
            "loss": {"answer": {"weight": 1.0}, "kl": {"weight": weight, "start_epoch": 0}},
            "trainer": {"max_epochs": 5, "threads": 1},
            "budget": {"name": self.budget, "epochs": 5, "videos": 1000},
            "logger": {"name": f"name-{weight}-{norm}"},
            "paths": {"runs": "runs"},
            "experiment": self.experiment,
            "seed": seed,
            "display": False,
        }

    def metrics(self, marks, val, prior):
        values = {f"test/{name}": value for name, value in self.accuracies(marks).items()}
        if prior:
            values |= {f"test/prior/{name}": value for name, value in self.accuracies(self.prior).items()}
            values["val/prior/acc/overall"] = 0.44
        return values | {"val/acc/overall": val, "test/f1/macro": 0.5}

    def accuracies(self, marks):
        types = {name: float(marks[self.categories == name].mean()) for name in self.names}
        values = {f"acc/{name}": value for name, value in types.items()}
        for one in self.taxonomy.modalities:
            inside = [name.split("/")[0] == one for name in self.categories]
            values[f"acc/{one}/avg"] = float(marks[inside].mean())
            of_types = [value for name, value in types.items() if name.split("/")[0] == one]
            values[f"acc/{one}/mean_of_types"] = float(np.mean(of_types))
        values["acc/overall"] = float(marks.mean())
        values["acc/mean_of_types"] = float(np.mean(list(types.values())))
        means = [values[f"acc/{one}/mean_of_types"] for one in self.taxonomy.modalities]
        return values | ({"acc/mean_of_modalities": float(np.mean(means))} if means else {})

    def counts(self, split, marks):
        return {
            f"{split}/{name}": {
                "correct": int(marks[self.categories == name].sum()),
                "total": int((self.categories == name).sum()),
            }
            for name in self.names
        }

    def predictions(self, marks, *, with_prior=False):
        for row, mark in enumerate(marks):
            truth, mistake, chance = self.truths[row], self.mistakes[row], float(self.probabilities[row])
            answer, other = (truth, mistake) if mark else (mistake, truth)
            yield {
                "row": row,
                "question_id": str(row + 11),
                "video_id": f"video{row // 3}",
                "category": str(self.categories[row]),
                "template": f"Is <Object> {row % 3} of {self.categories[row]}?",
                "question": f"Is question {row} {self.questions}?",
                "answer": truth,
                "prediction": answer,
                "probability": chance,
                "top5": [[answer, chance], [other, round(1 - chance, 4)]],
                **({"prior": truth if self.prior[row] else mistake} if with_prior else {}),
            }

    def write_curves(self, run, val, epochs):
        rows = []
        for epoch in range(epochs):
            share = (epoch + 1) / epochs
            for step in range(3):
                loss = 3.7 - 2.2 * share**0.5 + 0.1 * self.rng.random()
                rows.append({"step": 3 * epoch + step, "epoch": epoch, "train/loss": loss, "train/lr": 1e-4})
            accuracy = 0.4 + (val - 0.4) * share**0.5
            rows.append({"step": 3 * epoch + 2, "epoch": epoch, "val/acc/overall": accuracy, "val/loss": 1})
        run.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def score(self, key, *, checkpoint=None, drop=None, predictions=None, config=None, **arguments):
        """Write what python -m avqa_lit.evaluate leaves: no job of a sweep, no curves, no accuracy on val."""
        if predictions is not None:
            config = {"predictions": predictions["file"], "data": {"raw": f"/raw/{self.data}"}}
        path = self.add(key, config=config, **{"predictions": "with prior", **arguments})
        self.jobs.pop()
        run = RunFolder(path)
        run.metrics.unlink()
        content = json.loads(run.results.read_text("utf-8"))
        given = {"checkpoint": checkpoint, "drop": drop, "predictions": predictions}
        content |= {name: value for name, value in given.items() if value is not None}
        content |= {"overrides": [], "seed": content["seed"] if predictions is None else None}
        content["seconds"] = {"total": 3.1}
        for name in [name for name in content["metrics"] if name.startswith("val/")]:
            del content["metrics"][name]
        write_json(run.results, content)
        return path

    def attend(self, key, *, audio=5, visual=3, step=0.96):
        """Write the attention of a run: shares that fall with time, the last audio row beyond the end."""
        questions = len(self.categories)
        heard = np.tile(np.linspace(0.3, 0.1, audio) * 5 / audio, (questions, 1)).astype(np.float16)
        heard[:, -1] = np.nan
        seen = np.tile((1 - np.nansum(heard[0])) / visual, (questions, visual)).astype(np.float16)
        seconds = (np.arange(count, dtype=np.float32) for count in (audio, visual))
        attention = Attention(
            np.arange(questions),
            {
                "audio": TrackAttention(heard, step * next(seconds)),
                "visual": TrackAttention(seen, 2 * next(seconds)),
            },
        )
        write_attention(RunFolder(self.folder / key).attention("test"), attention)

    def lose(self, key, *, reason="CUDA out of memory", state="failed", log=""):
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

    def grid(self, *, weights=(0.0, 0.1, 1.0), norms=("pre", "post"), seeds=(0,), **arguments):
        """Add a run for every point; the skill rises to weight 0.1 and falls from there."""
        for norm in norms:
            for weight in weights:
                for seed in seeds:
                    skill = 0.6 + {0.0: 0, 0.1: 0.07}.get(weight, -0.05) - 0.03 * (norm == "post")
                    self.add(
                        f"{norm}-{weight}-{seed}",
                        skill=skill,
                        weight=weight,
                        norm=norm,
                        seed=seed,
                        **arguments,
                    )
        return self

    def write(self):
        """Write sweep.json if there are jobs and return the sweep's folder."""
        if not self.jobs:
            return self.folder
        command = f"python -m avqa_lit.train +experiment={self.experiment}"
        sweep = {"schema": 1, "experiment": self.experiment, "command": command, "jobs": self.jobs}
        (self.folder / "sweep.json").write_text(json.dumps(sweep), "utf-8")
        return self.folder


@pytest.fixture(scope="session")
def fakes():
    """Makes, for a folder, what makes a `FakeSweep` below it."""

    def below(folder):
        def make(name="kl_sweep", **arguments):
            return FakeSweep(folder / "runs" / name, **{"experiment": name, **arguments})

        return make

    return below


@pytest.fixture
def fake(fakes, tmp_path):
    """Makes a `FakeSweep` in a folder of its own."""
    return fakes(tmp_path)
