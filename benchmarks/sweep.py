"""Ten trainings of about ten seconds through our launcher, Hydra's basic one, and by hand one by one.

Hydra's basic launcher runs all jobs in one process: it imports once, and nothing keeps one job from the next.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 2
JOBS = 10
TRAIN = (sys.executable, "-m", "avqa_lit.train")
SHORT = (
    "data.videos=300",
    "trainer.max_epochs=9",
    "trainer.threads=1",
    "trainer.accelerator=cpu",
    "logger=none",
    "display=false",
)


def measure() -> dict[str, object]:
    """Seconds a way takes for all jobs, by the seconds by hand: median, lowest and highest of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        _run(Path(folder) / "first", cache, "seed=0")  # builds the embedded data
        rounds = [_round(Path(folder) / f"round{number}", cache) for number in range(ROUNDS)]
    ways = [name for name in rounds[0] if name != "by hand"]
    return {
        "jobs": JOBS,
        "rounds": ROUNDS,
        "seconds by hand": round(median(one["by hand"] for one in rounds), 1),
        "our launcher, n_jobs=1, to fits alone": _spread(
            [one["our launcher, n_jobs=1"] / one["fits alone"] for one in rounds]
        ),
        "ratios to by hand": {name: _spread([one[name] / one["by hand"] for one in rounds]) for name in ways},
    }


def _round(folder: Path, cache: Path) -> dict[str, float]:
    seeds = "seed=" + ",".join(map(str, range(JOBS)))
    return {
        "our launcher, n_jobs=1": _run(folder / "one", cache, "--multirun", seeds, "hydra.launcher.n_jobs=1"),
        "our launcher, n_jobs=auto": _run(folder / "auto", cache, "--multirun", seeds),
        "Hydra's basic launcher": _run(folder / "basic", cache, "--multirun", seeds, "hydra/launcher=basic"),
        "by hand": sum(_run(folder / "hand", cache, f"seed={seed}") for seed in range(JOBS)),
        "fits alone": _fit_seconds(folder / "hand"),
    }


def _run(folder: Path, cache: Path, *arguments: str) -> float:
    """Seconds that the command takes in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [*TRAIN, *arguments, *SHORT, f"paths.cache={cache}"]
    began = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True
    )
    return time.perf_counter() - began


def _fit_seconds(folder: Path) -> float:
    results = [json.loads(path.read_text("utf-8")) for path in folder.glob("runs/*/*/results.json")]
    return sum(one["seconds"]["fit"] for one in results)


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(median(values), 3),
        "lowest": round(min(values), 3),
        "highest": round(max(values), 3),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
