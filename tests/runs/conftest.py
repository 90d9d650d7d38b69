import json

import pytest
import yaml

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.run_folder import RunFolder

CONFIG = {
    "model": {"_target_": "avqa_lit.models.cross_attention.CrossAttention", "norm": "pre", "dim": 12},
    "loss": {"answer": {}, "kl": {"weight": 0.0}},
    "trainer": {"max_epochs": 7},
    "experiment": None,
    "seed": 0,
}


@pytest.fixture
def write(tmp_path):
    """Writes one run below runs/ and returns its folder; `results` None leaves no results.json."""

    def of(
        name, *, norm="pre", seed=0, experiment=None, state="finished", val=0.5, test=0.25, results=(), **more
    ):
        run = RunFolder(tmp_path / "runs" / name)
        run.path.mkdir(parents=True)
        run.lock.touch()
        config = CONFIG | {"model": CONFIG["model"] | {"norm": norm}, "seed": seed, "experiment": experiment}
        run.config.write_text(yaml.safe_dump(config))
        if results is not None:
            metrics = {"val/acc/overall": val, "test/acc/overall": test} if state == "finished" else {}
            content = {
                "schema": 1,
                "state": state,
                "experiment": experiment,
                "metrics": metrics,
                "seconds": {"total": 31.7},
            }
            write_json(run.results, content | more)
        return run

    return of


@pytest.fixture
def write_sweep(tmp_path):
    """Writes the sweep.json of an experiment from (key, state) pairs or whole jobs."""

    def of(experiment, *jobs):
        folder = tmp_path / "runs" / experiment
        folder.mkdir(parents=True, exist_ok=True)
        entries = [
            job if isinstance(job, dict)
            else {"key": job[0], "overrides": [f"model.norm={job[0]}"], "state": job[1], "folder": job[0]}
            for job in jobs
        ]  # fmt: skip
        content = {
            "schema": 1,
            "experiment": experiment,
            "command": "python -m avqa_lit.train",
            "jobs": entries,
        }
        (folder / "sweep.json").write_text(json.dumps(content))
        return folder

    return of
