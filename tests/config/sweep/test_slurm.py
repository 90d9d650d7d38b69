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

# One state file a job; sbatch runs the script in the background as a node would, srun each of its tasks.
SBATCH = """
import os, pathlib, re, subprocess, sys
queue = pathlib.Path(os.environ["FAKE_QUEUE"])
script = pathlib.Path(sys.argv[1])
text = script.read_text()
if "--partition=closed" in text:
    sys.exit("sbatch: error: invalid partition specified: closed")
number = str(1 + len(list(queue.glob("*.state"))))
state = queue / f"{number}.state"
state.write_text("PENDING")
def given(name):
    return re.search(rf"--{name}=(\\d+)", text)[1]
node = dict(os.environ, SLURM_JOB_ID=number, SLURM_JOB_NUM_NODES=given("nodes"), STATE=str(state),
            SLURM_NTASKS=str(int(given("nodes")) * int(given("ntasks-per-node"))),
            SLURM_NTASKS_PER_NODE=given("ntasks-per-node"), SLURM_JOB_NAME="x")
if "hold" not in os.environ.get("FAKE_NODES", ""):
    run = 'echo RUNNING > $STATE; bash "$0" && echo COMPLETED > $STATE || echo FAILED > $STATE'
    job = subprocess.Popen(["bash", "-c", run, str(script.resolve())], env=node, start_new_session=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (queue / f"{number}.pid").write_text(str(job.pid))
print(f"Submitted batch job {number}")
"""
SRUN = """
import os, subprocess, sys
output = sys.argv[sys.argv.index("--output") + 1]
command = sys.argv[sys.argv.index("--kill-on-bad-exit=1") + 1:]
tasks = []
for rank in range(int(os.environ["SLURM_NTASKS"])):
    log = open(output.replace("%j", os.environ["SLURM_JOB_ID"]).replace("%t", str(rank)), "ab")
    local = rank % int(os.environ["SLURM_NTASKS_PER_NODE"])
    place = dict(SLURM_PROCID=str(rank), SLURM_LOCALID=str(local), SLURM_NODEID="0")
    tasks.append(subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **place}))
sys.exit(max(task.wait() for task in tasks))
"""
SACCT = """
import os, pathlib
print("JobID|State|NodeList")
for file in pathlib.Path(os.environ["FAKE_QUEUE"]).glob("*.state"):
    print(f"{file.stem}|{file.read_text().strip()}|localhost")
"""
SCANCEL = """
import os, pathlib, signal, sys
queue = pathlib.Path(os.environ["FAKE_QUEUE"])
if (queue / f"{sys.argv[1]}.pid").exists():
    os.killpg(int((queue / f"{sys.argv[1]}.pid").read_text()), signal.SIGKILL)
(queue / f"{sys.argv[1]}.state").write_text("CANCELLED by 0")
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Folder in which the stand-ins keep their jobs."""
    programs, queue = tmp_path / "bin", tmp_path / "queue"
    programs.mkdir()
    queue.mkdir()
    for name, code in (("sbatch", SBATCH), ("srun", SRUN), ("sacct", SACCT), ("scancel", SCANCEL)):
        (programs / name).write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_QUEUE", str(queue))
    return queue


@pytest.fixture
def run(queue):
    """Runs jobs on the stand-in cluster to the end; gives what was shown."""

    def run_loop(jobs, *, parameters=None, retries=0):
        shown = io.StringIO()
        cluster = SlurmCluster(parameters=parameters or {}, timeout_minutes=61, grace=7, timeouts=retries)
        display = SweepDisplay(jobs, console=Console(file=shown, width=160))
        with Interrupts() as interrupts, cluster.starting() as start, display:
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
    with cluster.starting() as start:
        start(job, cluster.slots(None).lease(cluster.need(job.config["trainer"])))
    run([job])
    assert job.state == "finished"
    assert len(list(queue.glob("*.state"))) == 1


@pytest.mark.slow
def test_an_interrupted_sweep_cancels_its_jobs(run, make_job, queue, monkeypatch):
    monkeypatch.setenv("FAKE_NODES", "hold")
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
    assert (queue / "1.state").read_text() == "CANCELLED by 0"


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
    with pytest.raises(ConfigError, match="no sbatch here"), cluster.starting():
        pass


def test_without_submitit_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    cluster = SlurmCluster(parameters={}, timeout_minutes=1, grace=1, timeouts=0)
    with pytest.raises(MissingExtraError, match=r"pip install 'avqa_lit\[slurm\]'"), cluster.starting():
        pass
