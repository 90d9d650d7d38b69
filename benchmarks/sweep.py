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

from benchmarks._timing import spread

ROUNDS = 3
JOBS = 10
TRAIN = (sys.executable, "-m", "avqa_lit.train")
SHORT = (
    "data.videos=300",
    "trainer.max_epochs=10",
    "trainer.threads=1",
    "trainer.accelerator=cpu",
    "logger=none",
    "display=false",
)


def measure() -> dict[str, object]:
    """Seconds of all jobs with our launcher, one at a time, by those of their fits alone; then all ways.

    The fits alone are those of the jobs by hand, a part of which runs before each round.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = folder / "cache"
        _run(folder / "first", cache, "seed=0")  # builds the embedded data
        hand, ours = 0.0, []
        for number in range(ROUNDS):
            hand += sum(_run(folder / "hand", cache, f"seed={seed}") for seed in range(number, JOBS, ROUNDS))
            ours.append(_sweep(folder / f"one{number}", cache, "hydra.launcher.n_jobs=1"))
        fits = _fit_seconds(folder / "hand")
        auto = _sweep(folder / "auto", cache)
        basic = _sweep(folder / "basic", cache, "hydra/launcher=basic")
    return {
        "jobs": JOBS,
        "rounds": {"our launcher, n_jobs=1": ROUNDS, "each other way": 1},
        "target, n_jobs=1 by fits alone": 1.25,
        "n_jobs=1 by fits alone": spread([one / fits for one in ours]),
        "seconds": {
            "fits alone": round(fits, 1),
            "by hand": round(hand, 1),
            "our launcher, n_jobs=1": spread(ours),
            "our launcher, n_jobs=auto": round(auto, 1),
            "Hydra's basic launcher": round(basic, 1),
        },
        "by hand by each": {
            "our launcher, n_jobs=1": spread([hand / one for one in ours]),
            "our launcher, n_jobs=auto": round(hand / auto, 3),
            "Hydra's basic launcher": round(hand / basic, 3),
        },
    }


def _sweep(folder: Path, cache: Path, *arguments: str) -> float:
    seeds = "seed=" + ",".join(map(str, range(JOBS)))
    return _run(folder, cache, "--multirun", seeds, *arguments)


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


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
