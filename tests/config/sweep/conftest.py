import sys

import pytest

from avqa_lit.config.sweep.plan import SweepJob
from avqa_lit.config.sweep.slots import Need

# What a job that finishes leaves; the folder and the key are its arguments.
FINISH = """
import json, pathlib, sys
folder, key = pathlib.Path(sys.argv[1]), sys.argv[2]
def finish(state="finished", key=key):
    (folder / "results.json").write_text(json.dumps({"schema": 1, "state": state, "key": key}))
"""


@pytest.fixture
def make_job(tmp_path):
    """Jobs that run a few lines of Python in a process of their own."""
    made = []

    def make(code="finish()", *, need=None):
        key = f"{len(made):012x}"
        folder = tmp_path / "sweep" / key
        program = tmp_path / f"{key}.py"
        program.write_text(FINISH + code, encoding="utf-8")
        job = SweepJob(
            number=len(made) + 1,
            key=key,
            overrides=(f"seed={len(made)}",),
            label=f"seed={len(made)}",
            config={},
            folder=folder,
            command=(sys.executable, "-P", str(program), str(folder), key),
            need=need or Need(cores=1, gpus=0),
        )
        made.append(job)
        return job

    return make
