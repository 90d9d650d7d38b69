"""The launcher in this process: what it plans, answers a sweeper, and refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.types import HydraContext

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.sweep_file import read_sweep
from avqa_lit.config.launcher import Hooks, SweepFailed, SweepLauncher
from avqa_lit.config.plugins import register_plugins
from avqa_lit.errors import ConfigError

NO_HOOKS = Hooks(check=lambda config: None, current_checksum=lambda config: None)


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


@pytest.mark.slow
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
    assert config.study == name
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.launcher._target_ == "hydra_plugins.avqa_lit.process"
    assert len(config.hydra.sweeper.params) == 2


def test_a_sweep_of_smoke_runs_supersedes_no_job_of_the_real_one(launcher):
    real, smoke = launcher(), launcher("+trainer.fast_dev_run=true")
    assert real.folder == Path.cwd() / "runs" / "train"
    assert smoke.folder == Path.cwd() / "runs" / "smoke" / "train"


def test_a_sweeper_gets_no_value_of_a_smoke_run_nor_of_one_that_diverged(launcher):
    sweep = launcher()
    (job,) = sweep._plan([["x=1"]])
    job.results = Results(state="finished", monitor="val/acc/overall", metrics={"val/acc/overall": 0.5})
    assert sweep._answer(job, ["x=1"]).return_value == 0.5
    job.results = replace(job.results, smoke=("trainer.fast_dev_run=True",))
    assert sweep._answer(job, ["x=1"]).return_value is None
    job.results, job.state = None, "diverged"
    assert sweep._answer(job, ["x=1"]).return_value is None
    job.state = "failed"
    with pytest.raises(SweepFailed, match="1 of 1 jobs did not finish"):
        _ = sweep._answer(job, ["x=1"]).return_value
