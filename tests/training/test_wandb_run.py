import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LOG = """
import sys
from pathlib import Path
from avqa_lit.training.wandb_run import finish, wandb_logger

for folder, step in (("one", 7), ("one", 9), ("other", 7)):
    logger = wandb_logger(
        folder=Path(sys.argv[1]) / folder, config={}, key="abc", group="study", project="p", entity=None,
        mode="offline", tags=[],
    )
    print(logger.experiment.id)
    logger.log_metrics({"val/acc/overall": 0.5}, step=step)
    finish(logger, summary={"test/acc/overall": 0.25}, failed=False)
"""


def output(*command):
    ended = subprocess.run(
        [sys.executable, *command], check=True, capture_output=True, text=True, timeout=300
    )
    return ended.stdout.splitlines()


def test_a_run_that_goes_on_is_the_same_run_plotted_on_trainings_steps(tmp_path):
    first, again, other = output("-c", LOG, tmp_path)
    assert first == again != other
    file = next(tmp_path.glob(f"other/wandb/offline-run-*/run-{other}.wandb"))
    records = [json.loads(line) for line in output("-m", "wandb", "leet", "inspect", "--json", file)]
    plotted = [one["metric"] for one in records if one["type"] == "metric"]
    assert {one["step_metric"] for one in plotted if one.get("glob_name") == "*"} == {"trainer/global_step"}
