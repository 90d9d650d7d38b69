"""Sweeps of a program that stands in for training: jobs, failures, signals, and what is left."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avqa_lit.artifacts.sweep_file import read_sweep

pytestmark = pytest.mark.slow


def start(program, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "standin", *arguments],
        cwd=program / "work",
        env={**os.environ, "PYTHONPATH": str(program), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(program, *arguments, **environment):
    process = start(program, *arguments, **environment)
    shown, _ = process.communicate(timeout=60)
    return process.returncode, shown


def states(program, name="train"):
    return [(job.overrides[0], job.state) for job in read_sweep(program / "work" / "runs" / name).jobs]


def pids_of_jobs(program, count, *, name="train"):
    """Processes of `count` jobs that sleep, once all of them do."""
    end = time.monotonic() + 30
    while len(files := list((program / "work" / "runs" / name).glob("*/pids"))) < count:
        assert time.monotonic() < end, "the jobs did not start"
        time.sleep(0.05)
    return [int(pid) for file in files for pid in file.read_text().split()]


def assert_gone(pids):
    end = time.monotonic() + 10
    while any(
        Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids
    ):
        assert time.monotonic() < end, f"still running: {pids}"
        time.sleep(0.05)


def test_each_point_of_a_grid_is_a_run_of_its_own(program):
    status, shown = run(program, "--multirun", "x=1,2", LOCAL_RANK="1")
    assert status == 0, shown
    folder = program / "work" / "runs" / "train"
    sweep = read_sweep(folder)
    assert re.search(r"python\S* -m standin --multirun x=1,2$", sweep.command)
    for number, job in enumerate(sweep.jobs, start=1):
        assert job.overrides == (f"x={number}", "trainer.threads=1")
        assert job.state == "finished"
        results = json.loads((folder / job.folder / "results.json").read_text("utf-8"))
        assert results["key"] == job.key == job.folder
        assert results["metrics"]["val/acc/overall"] == number / 10
        assert f"{program / 'work'} None 1\n" in (folder / job.log).read_text("utf-8")
    assert not (program / "work" / "multirun").exists()
    assert re.search(r"2 +x=2 +finished +20.00 +10.00", shown)


def test_the_same_command_again_runs_only_what_is_not_finished(program):
    assert run(program, "--multirun", "x=1,2")[0] == 0
    before = {path: path.stat().st_mtime_ns for path in program.glob("work/runs/train/*/results.json")}
    status, shown = run(program, "--multirun", "x=choice(3,2,2)")
    assert status == 0
    assert states(program) == [("x=3", "finished"), ("x=2", "skipped"), ("x=1", "superseded")]
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert "1 of 2 jobs are finished already" in shown

    assert run(program, "--multirun", "x=2,3", CHECKSUM="abc")[0] == 0
    assert states(program)[:2] == [("x=2", "skipped"), ("x=3", "skipped")]
    assert run(program, "--multirun", "x=2", CHECKSUM="of another store")[0] == 0
    assert states(program)[0] == ("x=2", "finished")
    assert run(program, "--multirun", "x=2", "hydra.launcher.rerun=true")[0] == 0
    assert states(program)[0] == ("x=2", "finished")


def test_a_changed_default_is_another_config(program):
    assert run(program, "--multirun", "x=1,2")[0] == 0
    config = program / "conf" / "train.yaml"
    text = config.read_text("utf-8")
    config.write_text(text + "decay: 0.1\n", encoding="utf-8")
    assert run(program, "--multirun", "x=1,2")[0] == 0
    assert [state for _, state in states(program)] == ["finished", "finished", "superseded", "superseded"]
    config.write_text(text, encoding="utf-8")
    assert run(program, "--multirun", "x=1,2")[0] == 0
    assert [state for _, state in states(program)] == ["skipped", "skipped", "superseded", "superseded"]


def test_a_config_that_cannot_be_right_stops_a_sweep_before_its_first_job(program):
    status, shown = run(program, "--multirun", "x=1,13")
    assert status == 1
    assert "error: x=13: expected luck" in shown
    assert not list(program.glob("work/runs/train/*/job.log"))


def test_a_shuffled_order_finds_its_runs_by_key(program):
    assert run(program, "--multirun", "x=1,2,3")[0] == 0
    assert run(program, "--multirun", "x=shuffle(1,2,3)")[0] == 0
    sweep = read_sweep(program / "work" / "runs" / "train")
    assert [job.state for job in sweep.jobs] == ["skipped"] * 3
    for job in sweep.jobs:
        results = json.loads(
            (program / "work" / "runs" / "train" / job.folder / "results.json").read_text("utf-8")
        )
        assert f"x={results['metrics']['val/acc/overall'] * 10:g}" == job.overrides[0]


def test_a_failed_job_is_told_at_the_end_with_status_1(program):
    status, shown = run(program, "--multirun", "x=1,2", "do=raise,finish", "hydra.launcher.n_jobs=1")
    assert status == 1
    assert [state for _, state in states(program)] == ["failed", "finished", "failed", "finished"]
    table = shown[shown.index("overrides") :]
    assert re.search(
        r"job 3 failed: x=2 do=raise\n  exit status 1\n(.*\n)+ +RuntimeError: x=2 is out of luck\n", table
    )
    assert "log: " in table
    assert "error: 2 of 4 jobs did not finish" in table
    assert "Error executing job" not in shown


def test_a_job_that_diverged_fails_no_sweep_and_runs_no_second_time(program):
    command = ("--multirun", "x=1", "do=diverge,finish")
    status, shown = run(program, *command, CHECKSUM="abc")
    assert status == 0, shown
    assert [state for _, state in states(program)] == ["diverged", "finished"]
    assert re.search(r"job 1 diverged: do=diverge\n  the training diverged\n", shown)
    before = {path: path.stat().st_mtime_ns for path in program.glob("work/runs/train/*/results.json")}
    status, shown = run(program, *command, CHECKSUM="abc")
    assert status == 0
    assert "1 of 2 jobs are finished already\n1 of 2 jobs diverged in an earlier call" in shown
    assert [state for _, state in states(program)] == ["diverged", "skipped"]
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert run(program, "--multirun", "x=1", "do=diverge", CHECKSUM="of another store")[0] == 0
    assert [path for path, written in before.items() if path.stat().st_mtime_ns != written]


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_sweep_leaves_no_process(program, signum, status):
    driver = start(
        program,
        "--multirun",
        "x=1,2,3",
        "do=sleep",
        "hydra.launcher.n_jobs=2",
        "hydra.launcher.grace_seconds=0.3",
    )
    pids = pids_of_jobs(program, 2)
    driver.send_signal(signum)
    shown, _ = driver.communicate(timeout=30)
    assert driver.returncode == status, shown
    assert [state for _, state in states(program)] == ["interrupted"] * 3
    assert_gone(pids)


def test_a_killed_driver_leaves_no_process(program):
    driver = start(program, "--multirun", "x=1", "do=sleep", "hydra.launcher.grace_seconds=0.3")
    pids = pids_of_jobs(program, 1)
    driver.kill()
    driver.communicate(timeout=30)
    assert_gone(pids)


def test_an_experiment_of_ones_own_sweeps_by_itself(program):
    experiments = program / "theirs" / "experiment"
    experiments.mkdir(parents=True)
    text = (program / "conf" / "experiment" / "mine.yaml").read_text("utf-8")
    (experiments / "ours.yaml").write_text(text.replace("mine", "ours").replace("5,6", "8,9"), "utf-8")
    assert run(program, "+experiment=mine")[0] == 0
    assert states(program, "mine") == [("x=5", "finished"), ("x=6", "finished")]
    assert run(program, "+experiment=mine", "x=7")[0] == 0
    assert states(program, "mine")[0] == ("x=7", "finished")
    assert run(program, "--config-dir", "../theirs", "+experiment=ours")[0] == 0
    assert states(program, "ours") == [("x=8", "finished"), ("x=9", "finished")]
