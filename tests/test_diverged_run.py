"""A run whose losses are not finite any more."""

import os
import subprocess
import sys

import pytest

from avqa_lit.artifacts.results import Divergence
from avqa_lit.artifacts.run_folder import read_run

NAN_ON_ONE = """
import os
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy

class Answer(AnswerCrossEntropy):
    steps = 0

    def forward(self, output, batch):
        loss = super().forward(output, batch)
        self.steps += self.training
        second = os.environ.get("LOCAL_RANK", "0") == "1"
        return loss * float("nan") if second and self.steps > 5 else loss
"""


def test_a_run_that_diverges_leaves_its_state_its_logs_and_an_exit_status(train, tmp_path, capsys):
    with pytest.raises(SystemExit, match="1"):
        train("optimizer.lr=1e30", folder="a")
    told = (
        "the training diverged: train/loss/answer was not finite after 1 optimizer step, in epoch 0 (from 0)"
    )
    error = capsys.readouterr().err
    assert error.startswith(f"error: {told}; lower optimizer.lr")
    assert "Traceback" not in error
    run = read_run(tmp_path / "a")
    assert run.results.state == "diverged"
    assert run.results.reason.startswith(told)
    assert run.results.diverged == Divergence(step=1, epoch=0, quantity="train/loss/answer")
    assert run.results.data.checksum
    assert run.metrics[-1]["train/loss"] is None
    assert run.predictions() == []
    assert not run.folder.last.exists()


@pytest.mark.slow
def test_two_processes_end_together_where_one_of_them_diverges(tmp_path, cache, tiny):
    module = tmp_path / "nan_on_one.py"
    module.write_text(NAN_ON_ONE, encoding="utf-8")
    ended = subprocess.run(
        [
            sys.executable, "-m", "avqa_lit.train", *tiny, "data.videos=40", "question.dim=64",
            "trainer=ddp_cpu", "trainer.max_epochs=3", f"paths.cache={cache}",
            f"hydra.run.dir={tmp_path / 'a'}", "loss.answer._target_=nan_on_one.Answer",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    results = read_run(tmp_path / "a").results
    assert results.state == "diverged"
    assert results.world_size == 2
    assert results.diverged.quantity == "train/loss/answer"
    assert ended.stderr.count("the training diverged") == 1
    assert "Traceback" not in ended.stderr
