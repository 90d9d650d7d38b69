"""Sweeps of real trainings: every job must equal the same config run alone, however it was started."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.artifacts.sweep_file import read_sweep

pytestmark = pytest.mark.slow

MODEL = """
from torch import nn
from avqa_lit.batch import ModelOutput
from avqa_lit.needs import ModelNeeds

class Net(nn.Module):
    @classmethod
    def needs(cls, **options):
        return ModelNeeds(texts={"question": ("sentence",)})

    def __init__(self, spec, *, question, width):
        super().__init__()
        self.question = question
        self.hidden, self.last = nn.Linear(question.dim, width), nn.Linear(width, spec.answers)

    def forward(self, batch):
        return ModelOutput(logits=self.last(self.hidden(self.question(batch).sentence).tanh()))
"""
EXPERIMENT = """
# @package _global_
defaults: [override /model: net, override /loss: [answer], override /trainer: ddp_cpu]
study: mine
hydra: {mode: MULTIRUN, sweeper: {params: {optimizer.lr: "0.01"}}}
"""


def test_two_jobs_at_once_in_random_order_equal_runs_alone(train, assert_as_alone, tmp_path):
    train("--multirun", "trainer=ddp_cpu", "seed=shuffle(3,5)", "hydra.launcher.n_jobs=2")
    assert assert_as_alone(tmp_path / "runs" / "train") == [2, 2]


def test_values_that_a_sampler_draws_reach_both_processes(train, assert_as_alone, tmp_path):
    pytest.importorskip("optuna")
    command = (
        "--multirun", "trainer=ddp_cpu", "hydra/sweeper=optuna", "seed=3,5", "hydra.sweeper.n_trials=2",
    )  # fmt: skip
    assert "best of 2: seed=" in train(*command)
    assert assert_as_alone(tmp_path / "runs" / "train") == [2, 2]


def test_jobs_of_one_and_of_two_processes_by_console_script(train, assert_as_alone, tmp_path):
    script = Path(sys.executable).with_name("avqa-train")
    train("--multirun", "trainer=ddp_cpu", "trainer.devices=1,2", "seed=3", program=[script])
    assert assert_as_alone(tmp_path / "runs" / "train") == [1, 2]


def test_jobs_of_two_and_of_one_process_from_a_wheel(train, assert_as_alone, tmp_path):
    site, source = tmp_path / "site", Path(__file__).parents[2]
    build = ["build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(source)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    train(
        "--multirun", "trainer=ddp_cpu", "trainer.devices=2,1", "seed=3",
        program=[sys.executable, site / "bin" / "avqa-train"], PYTHONPATH=str(site),
    )  # fmt: skip
    folder = tmp_path / "runs" / "train"
    assert assert_as_alone(folder) == [2, 1]
    for job in read_sweep(folder).jobs:
        assert f"--config-path {site / 'avqa_lit' / 'conf'}" in (folder / job.log).read_text("utf-8")


def test_a_job_of_a_scheduler_is_a_task_for_each_process(train, assert_as_alone, tmp_path, queue):
    pytest.importorskip("submitit")
    asked = ("hydra.launcher.mem=1GB", "+hydra.launcher.parameters.qos=low")
    train("--multirun", "trainer=ddp_cpu", "seed=3", "hydra/launcher=slurm", *asked)
    folder = tmp_path / "runs" / "train"
    assert assert_as_alone(folder) == [2]
    (script,) = folder.glob("*/slurm/*_submission.sh")
    for line in ("--mem=1GB", "--qos=low", "--ntasks-per-node=2", "--time=720"):
        assert f"#SBATCH {line}\n" in script.read_text("utf-8")
    (state,) = queue.glob("*.state")
    deadline = time.monotonic() + 60  # the scheduler waits for every task, the sweep for the first
    while state.read_text("utf-8").strip() == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert state.read_text("utf-8").strip() == "COMPLETED"


def test_an_experiment_and_a_model_from_outside_the_package(train, assert_as_alone, tmp_path):
    (tmp_path / "lab" / "mylab").mkdir(parents=True)
    (tmp_path / "lab" / "mylab" / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "theirs" / "experiment").mkdir(parents=True)
    (tmp_path / "theirs" / "experiment" / "mine.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (tmp_path / "theirs" / "model").mkdir()
    net = "_target_: mylab.model.Net\nwidth: 7\n"
    (tmp_path / "theirs" / "model" / "net.yaml").write_text(net, encoding="utf-8")
    command, lab = ("--config-dir", "theirs", "+experiment=mine"), str(tmp_path / "lab")
    train(*command, model=(), PYTHONPATH=lab)
    folder = tmp_path / "runs" / "mine"
    assert assert_as_alone(folder, *command[:2], model=(), PYTHONPATH=lab) == [2]
    (job,) = read_sweep(folder).jobs
    assert read_run(folder / job.folder).config["model"]["_target_"] == "mylab.model.Net"


def test_an_experiment_sweeps_in_two_processes(train, tmp_path):
    shown = train("+experiment=kl_sweep", "trainer=ddp_cpu", "loss.kl.weight=0,0.3", "model.norm=post")
    folder = tmp_path / "runs" / "kl_sweep"
    jobs = read_sweep(folder).jobs
    assert [job.state for job in jobs] == ["finished", "finished"]
    assert [read_run(folder / job.folder).config["loss"]["kl"]["weight"] for job in jobs] == [0, 0.3]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {job.key for job in jobs}
    assert "loss.kl.weight=0.3" in shown


def test_a_misspelt_key_stops_an_experiment_before_its_first_job(train, tmp_path):
    shown = train("+experiment=kl_sweep", "+loss.kl.wieght=0.1", status=1)
    assert "error: loss.kl.wieght is not a config key: did you mean loss.kl.weight?" in shown
    assert not list(tmp_path.glob("runs/kl_sweep/*/*"))


def test_a_job_that_fails_in_both_processes_costs_itself_only(train, tmp_path):
    train("--multirun", "trainer=ddp_cpu", "monitor=val/acc/overall,val/nothing", status=1)
    states = [job.state for job in read_sweep(tmp_path / "runs" / "train").jobs]
    assert states == ["finished", "failed"]
