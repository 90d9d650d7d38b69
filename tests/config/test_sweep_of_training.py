"""Sweeps of real trainings in two processes: every job must equal the same config run alone."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.artifacts.sweep_file import read_sweep

pytestmark = pytest.mark.slow

SMALL = (
    "trainer=ddp_cpu",
    "trainer.max_epochs=2",
    "data=music_avqa",
    "data.batch_size=16",
    "model.dim=16",
    "model.hidden=16",
    "model.blocks=1",
    "logger=none",
)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A folder in the official layout: 7 videos and 67 questions in each split."""
    folder = tmp_path_factory.mktemp("official")
    random = np.random.default_rng(11)
    (folder / "json").mkdir()
    for split in ("train", "val", "test"):
        videos = [f"{split}{number}" for number in range(7)]
        for encoder, width in (("vggish", 5), ("r2plus1d_18", 3)):
            (folder / "feats" / encoder).mkdir(parents=True, exist_ok=True)
            for video in videos:
                rows = random.normal(size=(13, width)).astype(np.float32)
                np.save(folder / "feats" / encoder / f"{video}.npy", rows)
        questions = [
            {
                "video_id": videos[number % 7],
                "question_id": number,
                "type": '["Audio", "Counting"]',
                "question_content": "How many instruments does the <Object> accompany?",
                "templ_values": '["cello"]' if number % 3 else '["flute"]',
                "question_deleted": 0,
                "anser": ["one", "two", "three"][int(random.integers(3))],
            }
            for number in range(67)
        ]
        (folder / "json" / f"avqa-{split}.json").write_text(json.dumps(questions), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder_of_runs_alone(tmp_path_factory):
    return tmp_path_factory.mktemp("alone")


@pytest.fixture
def train(tmp_path, raw):
    """Runs the training command in an empty folder."""

    def run(*arguments, status=0):
        command = [sys.executable, "-m", "avqa_lit.train", *arguments, *SMALL, f"data.raw={raw}"]
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == status, ended.stdout + ended.stderr
        return ended.stdout

    return run


def digest(folder):
    """SHA-256 of the weights that were chosen on val."""
    checkpoint = torch.load(folder / "checkpoints" / "best.ckpt", map_location="cpu", weights_only=True)
    found = hashlib.sha256()
    for name, tensor in sorted(checkpoint["state_dict"].items()):
        found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("grid", ["seed=3,5", "seed=shuffle(5,3)"])
def test_each_job_equals_the_same_config_run_alone(train, tmp_path, folder_of_runs_alone, grid):
    train("--multirun", grid)
    folder = tmp_path / "runs" / "train"
    digests = set()
    for job in read_sweep(folder).present:
        assert job.finished, job.reason
        alone = folder_of_runs_alone / job.key
        if not alone.exists():
            train(*job.overrides, "hydra.mode=RUN", f"hydra.run.dir={alone}")
        inside, outside = read_run(folder / job.folder).results, read_run(alone).results
        assert inside["key"] == outside["key"] == job.key
        assert inside["world_size"] == outside["world_size"] == 2
        assert inside["counts"] == outside["counts"]
        assert digest(folder / job.folder) == digest(alone)
        digests.add(digest(alone))
    assert len(digests) == 2


def test_an_experiment_sweeps_in_two_processes(train, tmp_path):
    shown = train("+experiment=kl_sweep", "loss.kl.weight=0,0.3", "model.norm=post")
    folder = tmp_path / "runs" / "kl_sweep"
    jobs = read_sweep(folder).jobs
    assert [job.state for job in jobs] == ["finished", "finished"]
    assert [read_run(folder / job.folder).config["loss"]["kl"]["weight"] for job in jobs] == [0, 0.3]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {job.key for job in jobs}
    assert "loss.kl.weight=0.3" in shown


def test_a_job_that_fails_in_both_processes_costs_itself_only(train, tmp_path):
    train("--multirun", "optimizer.lr=0.001,-1", status=1)
    states = [job.state for job in read_sweep(tmp_path / "runs" / "train").jobs]
    assert states == ["finished", "failed"]
