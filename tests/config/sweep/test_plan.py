from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import HydraContext

from avqa_lit.config.sweep.machine import ThisMachine
from avqa_lit.config.sweep.plan import plan_jobs
from avqa_lit.config.sweep.slots import Need

CONFIG = """
x: 1
y: a
resume: never
trainer: {accelerator: auto, devices: 1, threads: auto}
paths: {runs: runs}
"""


@pytest.fixture
def plan(tmp_path):
    """Plans a grid on a small config."""
    conf = tmp_path / "a=conf"
    conf.mkdir()
    (conf / "root.yaml").write_text(CONFIG, encoding="utf-8")

    def make(*grid, overrides=(), gpus=(), folder=tmp_path / "runs"):
        with initialize_config_dir(str(conf), version_base="1.3"):
            loader = GlobalHydra.instance().config_loader()
            machine = ThisMachine(gpus=gpus, grace=1)
            master = compose("root", overrides=list(overrides), return_hydra_config=True)
            return plan_jobs(
                grid,
                master=master,
                context=HydraContext(config_loader=loader, callbacks=None),
                folder=folder,
                module="somewhere.train",
                need=machine.need,
                uses_gpus=machine.uses_gpus,
                first_number=1,
            )

    return make


def test_a_job_is_labelled_by_what_sets_it_apart(plan):
    jobs = plan(["x=1", "y=b"], ["x=2", "y=b"])
    assert [job.label for job in jobs] == ["x=1", "x=2"]
    assert [job.label for job in plan(["x=1", "y=b"])] == ["x=1 y=b"]


def test_points_with_the_same_config_share_a_job(plan):
    first, second, third = plan(["x=1"], ["x=2"], ["y=a"])
    assert first is third
    assert (first.number, second.number) == (1, 2)


def test_the_order_of_the_grid_does_not_change_a_key(plan):
    assert {job.key for job in plan(["x=1"], ["x=2"])} == {job.key for job in plan(["x=2"], ["x=1"])}


def test_the_key_changes_with_the_config_and_not_with_the_folder(plan, tmp_path):
    (job,) = plan(["x=1"])
    assert plan(["x=3"])[0].key != job.key
    assert plan(["x=1"], folder=tmp_path / "elsewhere")[0].key == job.key
    assert plan(["x=1"], overrides=["hydra.verbose=true"])[0].key == job.key


def test_open_threads_become_one_on_cpu_and_part_of_the_config(plan):
    (job,) = plan(["x=1", "trainer.devices=3"])
    assert job.overrides == ("x=1", "trainer.devices=3", "trainer.threads=1")
    assert job.config["trainer"]["threads"] == 1
    assert job.need == Need(cores=3, gpus=0)


@pytest.mark.parametrize(
    ("overrides", "gpus", "need"),
    [
        (["trainer.threads=5"], [], Need(cores=5, gpus=0)),
        (["trainer.devices=2"], ["0", "1", "2"], Need(cores=0, gpus=2)),
    ],
)
def test_threads_are_left_alone_where_they_are_given_or_gpus_work(plan, overrides, gpus, need):
    (job,) = plan(overrides, gpus=gpus)
    assert job.overrides == tuple(overrides)
    assert job.need == need


def test_the_command_is_a_single_run_from_the_same_configs(plan, tmp_path):
    folder = tmp_path / 'runs of "mine", and more='
    (job,) = plan(
        ["x=2"], overrides=["hydra.launcher=null", "hydra.sweep.dir=z", "hydra.verbose=true"], folder=folder
    )
    assert job.folder == folder / job.key
    python, *command = job.command
    assert Path(python).name.startswith("python")
    assert command[:7] == [
        "-P", "-m", "somewhere.train", "--config-path", str(tmp_path / "a=conf"), "--config-name", "root",
    ]  # fmt: skip
    overrides = {
        one.key_or_group: one.value() for one in OverridesParser.create().parse_overrides(command[7:])
    }
    assert overrides.pop("hydra.run.dir") == str(job.folder)
    assert overrides == {
        "x": 2, "trainer.threads": 1, "hydra.launcher": None, "hydra.verbose": True, "hydra.mode": "RUN",
        "resume": "auto",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "rerun", "expected"),
    [([], False, ["resume=auto"]), ([], True, ["resume=never"]), (["resume=never"], False, ["resume=never"])],
)
def test_a_job_goes_on_unless_the_user_wants_it_otherwise(plan, given, rerun, expected):
    (job,) = plan(["x=1", *given], overrides=[f"+hydra.launcher.rerun={rerun}"])
    assert [one for one in job.command if one.startswith("resume=")] == expected
    assert "resume=auto" not in job.overrides
