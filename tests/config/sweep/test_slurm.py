"""The SLURM path against stand-ins for its commands; a real cluster is not available to the tests."""

import io
import os
import re
import signal
import sys
import threading
import time

import pytest
from rich.console import Console

from avqa_lit.config.sweep.display import SweepDisplay
from avqa_lit.config.sweep.interrupts import Interrupts
from avqa_lit.config.sweep.loop import JobLoop, Limits
from avqa_lit.config.sweep.slurm import SlurmCluster, resources
from avqa_lit.errors import ConfigError, MissingExtraError

pytest.importorskip("submitit")


@pytest.fixture
def run(queue):
    """Runs jobs on the stand-in cluster to the end; gives what was shown."""

    def run_loop(jobs, *, parameters=None, retries=0):
        shown = io.StringIO()
        cluster = SlurmCluster(parameters=parameters or {}, timeout_minutes=61, grace=7, timeouts=retries)
        display = SweepDisplay(jobs, console=Console(file=shown, width=160))
        with Interrupts() as interrupts, cluster.starting({}) as start, display:
            loop = JobLoop(
                jobs,
                slots=cluster.slots(None),
                limits=Limits(timeout=0, grace=5, retries=retries, fail_fast=False),
                start=start,
                display=display,
                changed=lambda: None,
            )
            loop.run(interrupts)
        return shown.getvalue()

    return run_loop


def on_cluster(job, **trainer):
    job.config["trainer"] = trainer
    return job


@pytest.mark.slow
def test_each_job_of_a_sweep_is_a_job_of_the_scheduler(run, make_job, queue):
    rank = "import os; print('rank', os.environ['SLURM_PROCID'], os.environ.get('LOCAL_RANK'));"
    good = on_cluster(make_job(rank + "finish()"), accelerator="cpu", devices=2, threads=3)
    bad = on_cluster(make_job("raise ValueError('out of luck')"), accelerator="cpu", devices=1)
    run([good, bad], parameters={"partition": "long", "account": "lab"})
    assert (good.state, bad.state) == ("finished", "failed")
    assert "rank 0 None\n" in good.log.read_text("utf-8")
    assert "ValueError: out of luck" in bad.reason
    scripts = [next((job.folder / "slurm").glob("*_submission.sh")).read_text("utf-8") for job in (good, bad)]
    for expected in (
        f"--job-name=avqa_lit-{good.key}", "--nodes=1", "--ntasks-per-node=2", "--cpus-per-task=3",
        "--time=61", "--partition=long", "--account=lab", "--signal=USR2@7",
    ):  # fmt: skip
        assert f"#SBATCH {expected}\n" in scripts[0]
    assert re.search(
        r"^srun .*--kill-on-bad-exit=1 \S+ -u -m submitit\.core\._submit ", scripts[0], re.MULTILINE
    )
    assert "#SBATCH --ntasks-per-node=1\n" in scripts[1]
    assert "gpus" not in "".join(scripts)
    assert len(list(queue.glob("*.state"))) == 2


@pytest.mark.slow
def test_a_job_that_an_earlier_driver_left_in_the_queue_is_not_submitted_twice(
    run, make_job, queue, tmp_path
):
    job = on_cluster(make_job("import time; time.sleep(2); finish()"), accelerator="cpu", devices=1)
    cluster = SlurmCluster(parameters={}, timeout_minutes=61, grace=7, timeouts=0)
    with cluster.starting({}) as start:
        start(job, cluster.slots(None).lease(cluster.need(job.config["trainer"])))
    run([job])
    assert job.state == "finished"
    assert len(list(queue.glob("*.state"))) == 1


@pytest.mark.slow
def test_an_interrupted_sweep_cancels_its_jobs(run, make_job, queue, monkeypatch):
    monkeypatch.setenv("STAND_IN_NODES", "hold")
    job = on_cluster(make_job(), accelerator="cpu", devices=1)

    def interrupt():
        while not list(queue.glob("*.state")):
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    run([job])
    thread.join()
    assert job.state == "interrupted"
    (state,) = queue.glob("*.state")
    assert state.read_text() == "CANCELLED by 0"


def test_what_sbatch_refuses_is_the_reason(run, make_job):
    job = on_cluster(make_job(), accelerator="cpu", devices=1)
    run([job], parameters={"partition": "closed"})
    assert job.state == "failed"
    assert job.reason.startswith("cannot be started: ")
    assert "invalid partition specified: closed" in job.reason


def test_an_unknown_parameter_is_refused(run, make_job):
    job = on_cluster(make_job(), accelerator="cpu", devices=1)
    with pytest.raises(ConfigError, match=r"hydra.launcher.parameters=\{'partitoin': 'a'\}: Unavailable"):
        run([job], parameters={"partitoin": "a"})


def test_gpus_are_asked_for_by_node():
    trainer = {"accelerator": "gpu", "devices": 4, "num_nodes": 3, "threads": "auto"}
    expected = {"nodes": 3, "ntasks_per_node": 4, "cpus_per_task": 1, "gpus_per_node": 4}
    assert resources(trainer) == expected


@pytest.mark.parametrize("devices", [-1, "auto", [0, 1]])
def test_devices_that_only_the_node_knows_are_refused(devices):
    with pytest.raises(
        ConfigError, match=re.escape(f"trainer.devices={devices}: SLURM is asked for a number")
    ):
        resources({"accelerator": "gpu", "devices": devices})


def test_a_machine_without_slurm_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    cluster = SlurmCluster(parameters={}, timeout_minutes=1, grace=1, timeouts=0)
    with pytest.raises(ConfigError, match="no sbatch here"), cluster.starting({}):
        pass


def test_without_submitit_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    cluster = SlurmCluster(parameters={}, timeout_minutes=1, grace=1, timeouts=0)
    with pytest.raises(MissingExtraError, match=r"pip install 'avqa_lit\[slurm\]'"), cluster.starting({}):
        pass
