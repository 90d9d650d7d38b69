import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.types import HydraContext

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.sweep_file import read_sweep
from avqa_lit.config.launcher import Hooks, SweepFailed, SweepLauncher
from avqa_lit.config.plugins import register_plugins
from avqa_lit.errors import ConfigError

NO_HOOKS = Hooks(check=lambda config: None, current_checksum=lambda config: None)
CONFIG = """
defaults: [_self_, override hydra/launcher: process, override hydra/job_logging: none,
           override hydra/hydra_logging: none]
experiment: null
x: 1
do: finish
trainer: {accelerator: cpu, devices: 1, threads: auto}
paths: {runs: runs}
hydra: {output_subdir: null, run: {dir: .}}
"""
EXPERIMENT = """
# @package _global_
experiment: mine
hydra: {mode: MULTIRUN, sweeper: {params: {x: "5,6"}}}
"""
# Stands in for avqa_lit.train: the same command line and the same files, without torch.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.keys import config_key
from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.resolve import resolved
from avqa_lit.errors import ConfigError, UserError


def task(cfg):
    folder = RunFolder(Path(HydraConfig.get().runtime.output_dir))
    if cfg.do == "raise":
        raise RuntimeError(f"x={cfg.x} is out of luck")
    if cfg.do == "sleep":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        rank = os.fork()
        if rank:
            (folder.path / "pids").write_text(f"{os.getpid()} {rank}")
        time.sleep(600)
    print(os.getcwd(), os.environ.get("LOCAL_RANK"), cfg.trainer.threads)
    folder.write_results({
        "state": "finished", "key": config_key(resolved(cfg)), "monitor": "val/acc/overall",
        "metrics": {"val/acc/overall": cfg.x / 10, "test/acc/overall": cfg.x / 20},
        "data": {"checksum": "abc"},
    })


def check(config):
    if config["x"] == 13:
        raise ConfigError("x=13: expected luck")


if __name__ == "__main__":
    register_plugins(Hooks(check=check, current_checksum=lambda config: os.environ.get("CHECKSUM")))
    os.environ["HYDRA_FULL_ERROR"] = "1"
    conf = str(Path(__file__).parent / "conf")
    try:
        hydra.main(config_path=conf, config_name="train", version_base="1.3")(task)()
    except UserError as error:
        sys.exit(f"error: {error}")
"""


@pytest.fixture
def program(tmp_path):
    """Folder of a program that sweeps with our launcher; its working folder is `work`."""
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (tmp_path / "standin.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_changed_default_is_another_config(program):
    assert run(program, "--multirun", "x=1,2")[0] == 0
    (program / "conf" / "train.yaml").write_text(CONFIG + "decay: 0.1\n", encoding="utf-8")
    assert run(program, "--multirun", "x=1,2")[0] == 0
    assert [state for _, state in states(program)] == ["finished", "finished", "superseded", "superseded"]
    (program / "conf" / "train.yaml").write_text(CONFIG, encoding="utf-8")
    assert run(program, "--multirun", "x=1,2")[0] == 0
    assert [state for _, state in states(program)] == ["skipped", "skipped", "superseded", "superseded"]


@pytest.mark.slow
def test_a_config_that_cannot_be_right_stops_a_sweep_before_its_first_job(program):
    status, shown = run(program, "--multirun", "x=1,13")
    assert status == 1
    assert "error: x=13: expected luck" in shown
    assert not list(program.glob("work/runs/train/*/job.log"))


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_killed_driver_leaves_no_process(program):
    driver = start(program, "--multirun", "x=1", "do=sleep", "hydra.launcher.grace_seconds=0.3")
    pids = pids_of_jobs(program, 1)
    driver.kill()
    driver.communicate(timeout=30)
    assert_gone(pids)


@pytest.mark.slow
def test_an_experiment_of_ones_own_sweeps_by_itself(program):
    conf = program / "theirs"
    (conf / "experiment").mkdir(parents=True)
    (conf / "experiment" / "ours.yaml").write_text(
        EXPERIMENT.replace("mine", "ours").replace("5,6", "8,9"), encoding="utf-8"
    )
    assert run(program, "+experiment=mine")[0] == 0
    assert states(program, "mine") == [("x=5", "finished"), ("x=6", "finished")]
    assert run(program, "+experiment=mine", "x=7")[0] == 0
    assert states(program, "mine")[0] == ("x=7", "finished")
    assert run(program, "--config-dir", "../theirs", "+experiment=ours")[0] == 0
    assert states(program, "ours") == [("x=8", "finished"), ("x=9", "finished")]


@pytest.fixture
def launcher(program, monkeypatch):
    """Makes launchers in this process, which plan and start jobs as a sweeper would have them do."""
    monkeypatch.chdir(program / "work")
    monkeypatch.setenv("PYTHONPATH", str(program))
    monkeypatch.syspath_prepend(program)
    register_plugins(NO_HOOKS)
    stack = initialize_config_dir(str(program / "conf"), version_base="1.3")

    def make(*overrides):
        from hydra.core.global_hydra import GlobalHydra

        config = compose(
            "train", overrides=["hydra.launcher.module=standin", *overrides], return_hydra_config=True
        )
        loader = GlobalHydra.instance().config_loader()
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=HydraContext(config_loader=loader, callbacks=None),
            task_function=None,
            config=config,
        )
        assert isinstance(launcher, SweepLauncher)
        return launcher

    with stack:
        yield make


def finish_by_hand(launcher, *points):
    """Leaves the results of runs that finished."""
    from avqa_lit.config.sweep.plan import plan_jobs

    for job in plan_jobs(
        points, master=launcher.config, context=launcher.context, folder=launcher.folder, module="standin",
        need=launcher.machine.need, uses_gpus=launcher.machine.uses_gpus, first_number=1,
    ):  # fmt: skip
        write_json(
            job.folder / "results.json",
            {
                "schema": 1,
                "state": "finished",
                "key": job.key,
                "monitor": "m",
                "metrics": {"m": job.config["x"] / 4},
            },
        )


def test_a_sweeper_gets_the_monitored_values(launcher):
    one = launcher()
    finish_by_hand(one, ["x=1"], ["x=2"])
    answers = one.launch([["x=2"], ["x=1"], ["x=2"]], initial_job_idx=0)
    assert [answer.return_value for answer in answers] == [0.5, 0.25, 0.5]
    assert len(read_sweep(one.folder).jobs) == 2


def test_batches_of_one_sweep_stand_together(launcher):
    one = launcher("paths.runs=elsewhere")
    finish_by_hand(one, ["x=1"], ["x=2"])
    one.launch([["x=2"]], initial_job_idx=0)
    one.launch([["x=1"], ["x=2"]], initial_job_idx=1)
    sweep = read_sweep(one.folder)
    assert one.folder == Path("elsewhere/train").absolute()
    assert sweep.experiment == "train"
    assert [(job.overrides[0], job.state) for job in sweep.jobs] == [("x=2", "skipped"), ("x=1", "skipped")]


def test_a_sweeper_that_reads_a_failed_value_learns_of_all(launcher, capfd):
    answers = launcher().launch([["do=raise"]], initial_job_idx=0)
    with pytest.raises(SweepFailed, match=r"1 of 1 jobs did not finish, .* the same command again runs only"):
        _ = answers[0].return_value
    assert "RuntimeError: x=1 is out of luck" in capfd.readouterr().out


def test_a_second_sweep_in_the_same_folder_is_refused(launcher):
    one = launcher()
    one.folder.mkdir(parents=True)
    with (
        FileLock(one.folder / ".lock"),
        pytest.raises(ConfigError, match="runs/train: another sweep runs in this"),
    ):
        one.launch([["x=1"]], initial_job_idx=0)


def test_a_sweep_under_torchrun_is_refused(launcher, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="started by torchrun as one of 2 processes"):
        launcher().launch([["x=1"]], initial_job_idx=0)


@pytest.mark.parametrize("n_jobs", ["0", "many", "1.5"])
def test_an_impossible_number_of_jobs_is_refused(launcher, n_jobs):
    with pytest.raises(
        ConfigError, match=rf"hydra.launcher.n_jobs={n_jobs}: expected auto or a number from 1"
    ):
        launcher(f"hydra.launcher.n_jobs={n_jobs}")


def test_threads_that_were_given_stay(launcher):
    one = launcher("hydra.launcher.gpus=[0,1]")
    finish_by_hand(one, ["trainer.threads=3"])
    one.launch([["trainer.threads=3"]], initial_job_idx=0)
    assert [job.overrides for job in read_sweep(one.folder).jobs] == [("trainer.threads=3",)]


@pytest.mark.parametrize("name", ["kl_sweep", "norm_placement", "schedule_sweep"])
def test_an_experiment_sweeps_by_itself_and_names_its_folder(name):
    register_plugins(NO_HOOKS)
    conf = Path(__file__).parents[2] / "conf"
    with initialize_config_dir(str(conf), version_base="1.3"):
        from hydra.core.config_store import ConfigStore

        from avqa_lit.config.schema import Train

        ConfigStore.instance().store(name="train_schema", node=Train)
        config = compose(
            "train", overrides=[f"+experiment={name}", "data=music_avqa"], return_hydra_config=True
        )
    assert config.experiment == name
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.launcher._target_ == "hydra_plugins.avqa_lit.process"
    assert len(config.hydra.sweeper.params) == 2
