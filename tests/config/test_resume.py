"""Runs that are killed, go on, and end with the bits of a run that was never killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from avqa_lit.artifacts.run_folder import read_run

pytestmark = pytest.mark.slow

SMALL = (
    "data=music_avqa", "data.batch_size=8", "model.dim=16", "model.hidden=16", "model.blocks=1",
    "model.dropout=0.3", "optimizer.lr=0.003", "schedule=plateau", "schedule.patience=0",
    "schedule.factor=0.7", "trainer.log_every_n_steps=4", "trainer.threads=1",
    "logger=none", "display=false", "resume=auto",
)  # fmt: skip
STEP = "avqa_lit.training.step_seed.StepSeed.on_train_batch_start"
IN_THE_FILE = "torch.serialization._save"
BEFORE_THE_RENAME = "os.fsync"
AT_THE_EPOCHS_END = "avqa_lit.training.timing.EpochTiming.on_train_epoch_end"
BEFORE_THE_TEST = "avqa_lit.config.training_run.score"


@pytest.fixture(scope="module")
def small(tmp_path_factory, write_official):
    """Overrides for a training of nine steps an epoch."""
    raw = write_official(
        tmp_path_factory.mktemp("small") / "raw", questions={"train": 67, "val": 19, "test": 19}
    )
    return (*SMALL, f"data.raw={raw}")


@pytest.fixture
def attempts(tmp_path):
    """Exit statuses of trainings, one after the other, by process."""
    # On another file system, where there is one: a rename from there would not be atomic.
    environment = {
        "OMP_NUM_THREADS": "1",
        "TMPDIR": "/dev/shm" if Path("/dev/shm").is_dir() else str(tmp_path),
    }

    def run(*wanted):
        ended = subprocess.run(
            [sys.executable, Path(__file__).with_name("fork_and_kill.py")],
            input=json.dumps(wanted),
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout), ended.stderr

    return run


def kills(draw, *, count, processes):
    """So many SIGKILLs at random: most at a step, some while saving or at the end of an epoch."""
    moments = [(STEP, 13), (STEP, 13), (IN_THE_FILE, 3), (BEFORE_THE_RENAME, 4), (AT_THE_EPOCHS_END, 1)]
    for _ in range(count):
        call, most = draw.choice(moments)
        yield {
            "rank": draw.randrange(processes) if call == STEP else 0,
            "call": call,
            "number": draw.randint(1, most),
            "signal": signal.SIGKILL,
        }


def bits(value):
    """The value with bytes in the place of tensors."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.shape, value.numpy().tobytes()
    if isinstance(value, dict):
        return {name: bits(one) for name, one in value.items()}
    return [bits(one) for one in value] if isinstance(value, list | tuple) else value


def assert_same_bits(run, other):
    assert run.results.state == other.results.state == "finished"
    for name in ("key", "counts", "metrics", "best_epoch"):
        assert getattr(run.results, name) == getattr(other.results, name)
    for file in ("metrics.jsonl", "predictions.jsonl", "predictions_val.jsonl"):
        assert (run.folder.path / file).read_bytes() == (other.folder.path / file).read_bytes()
    for file in ("best.ckpt", "last.ckpt"):
        one, two = (
            torch.load(each.folder.path / "checkpoints" / file, weights_only=True) for each in (run, other)
        )
        for part in ("state_dict", "optimizer_states", "lr_schedulers"):
            assert bits(one[part]) == bits(two[part])
    assert not list(run.folder.path.rglob("*.tmp"))


@pytest.mark.parametrize(("processes", "count"), [(1, 13), (2, 7)])
def test_a_run_killed_again_and_again_ends_with_the_same_bits(attempts, small, tmp_path, processes, count):
    draw = random.Random(processes)
    trainer = "ddp_cpu" if processes == 2 else "default"
    whole = [*small, f"trainer={trainer}", "trainer.max_epochs=9"]
    killed = [*whole, f"paths.runs={tmp_path / 'killed'}"]
    # Told to end within an epoch first, by way of the last process alone: it saves there, and exits.
    told = {"rank": processes - 1, "call": STEP, "number": 5, "signal": signal.SIGTERM}
    last = {"rank": 0, "call": BEFORE_THE_TEST, "number": 2, "signal": signal.SIGKILL}
    plan = [told, *kills(draw, count=count - 1, processes=processes), last, None]
    statuses, errors = attempts(
        {"overrides": [*whole, f"hydra.run.dir={tmp_path / 'whole'}"], "processes": processes},
        *({"overrides": killed, "processes": processes, "kill": one} for one in plan),
    )
    told_to_end = [128 + signal.SIGTERM] + [0] * (processes - 1)
    assert [*statuses[:2], statuses[-1]] == [[0] * processes, told_to_end, [0] * processes], errors
    for ended in statuses[2:-1]:  # one is killed; another may notice before it is killed as well
        assert -signal.SIGKILL in ended, errors
        assert 0 not in ended, errors
    (path,) = (tmp_path / "killed" / "train").glob("[!.]*")
    run, other = read_run(path), read_run(tmp_path / "whole")
    begun = [
        row
        for row in map(json.loads, run.folder.timing.read_text("utf-8").splitlines())
        if row["seconds"] == 0
    ]
    assert [row["step"] for row in begun][:2] == [0, 8]
    assert_same_bits(run, other)


def alive(group):
    """Whether any process of a group is."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("processes", [1, 2])
def test_sigterm_saves_and_ends_every_process_with_a_status_that_tells_it(small, tmp_path, processes):
    trainer = "ddp_cpu" if processes == 2 else "default"
    folder = tmp_path / "run"
    command = [
        sys.executable, "-m", "avqa_lit.train", *small, f"trainer={trainer}", "trainer.max_epochs=5000",
        f"hydra.run.dir={folder}",
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not (folder / "checkpoints" / "last.ckpt").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        while time.monotonic() < deadline and alive(process.pid):
            time.sleep(0.1)
        assert not alive(process.pid)
        assert "told to end by SIGTERM; the same command with resume=auto goes on" in process.stderr.read()
    results = read_run(folder).results
    assert (results.state, results.reason) == ("interrupted", "told to end by SIGTERM")
    logged = [json.loads(row)["step"] for row in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    last = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] >= max(logged)


def test_a_run_that_cannot_write_fails_with_the_reason_and_leaves_no_half_file(small, tmp_path):
    folder = tmp_path / "run"
    train = [
        sys.executable,
        "-m",
        "avqa_lit.train",
        *small,
        "trainer.max_epochs=2",
        f"hydra.run.dir={folder}",
    ]
    ended = subprocess.run(
        ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *train],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 1
    assert "best.ckpt: cannot be written (File too large). Make room there" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert read_run(folder).results.state == "failed"
    assert "cannot be written" in read_run(folder).results.reason
    assert list((folder / "checkpoints").iterdir()) == []
