"""Sweep jobs as jobs of a SLURM cluster: one scheduler job each, submitted through submitit.

The scheduler starts one task for each process of a job (`num_nodes` times `devices`), and Lightning reads
from SLURM's variables which of them it is. The driver waits where it was started; if it is killed, its jobs
go on, and the same command again finds them in the queue instead of submitting them twice.

The tests run this against stand-ins for `sbatch`, `srun`, `sacct` and `scancel` on CPU. A real SLURM, GPUs
and NCCL were not available to them.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

from avqa_lit.config.sweep.job_process import import_path, last_lines, without_ranks
from avqa_lit.config.sweep.machine import RunningJob, Start
from avqa_lit.config.sweep.plan import SweepJob
from avqa_lit.config.sweep.slots import Lease, Need, Slots
from avqa_lit.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from submitit import Job

_IN_THE_QUEUE = ("PENDING", "RUNNING", "REQUEUED", "COMPLETING", "SUSPENDED", "CONFIGURING")


class SlurmCluster:
    """Jobs are submitted to SLURM, which knows what is free.

    Args:
        parameters: for submitit's SlurmExecutor, beside or instead of those that follow from the trainer.
        timeout_minutes: time limit of an attempt.
        grace: seconds between SLURM's warning and the end.
        timeouts: how often a job that ran over its time is queued again, to resume.
    """

    def __init__(
        self, *, parameters: Mapping[str, Any], timeout_minutes: int, grace: int, timeouts: int
    ) -> None:
        self.parameters = parameters
        self.timeout_minutes = timeout_minutes
        self.grace = grace
        self.timeouts = timeouts

    def need(self, trainer: Mapping[str, Any]) -> Need:
        """Nothing here; refuses what the scheduler could not be asked for."""
        resources(trainer)
        return Need(cores=0, gpus=0)

    def uses_gpus(self, trainer: Mapping[str, Any]) -> bool:
        """Whether the trainer names GPUs; what a node has cannot be seen from here."""
        return trainer.get("accelerator") in ("gpu", "cuda")

    def slots(self, n_jobs: int | None) -> Slots:
        """Room for all jobs, or for `n_jobs`."""
        return Slots(processors=None, gpus=(), n_jobs=n_jobs)

    @contextmanager
    def starting(self, trainer: Mapping[str, Any]) -> Iterator[Start]:
        """Submits jobs, or takes up those that an earlier driver left in the queue."""
        try:
            import submitit  # noqa: F401 - told before the first job, not by it
        except ImportError as error:
            raise MissingExtraError("hydra/launcher=slurm", extra="slurm") from error
        for program in ("sbatch", "srun", "sacct", "scancel"):
            if shutil.which(program) is None:
                raise ConfigError(
                    f"hydra/launcher=slurm: no {program} here; start the sweep where SLURM's commands are, "
                    "or leave hydra/launcher=slurm out to run its jobs on this machine"
                )
        yield self._start

    def _start(self, job: SweepJob, lease: Lease) -> RunningJob:
        folder = job.folder / "slurm"
        asked = resources(job.config.get("trainer", {}))
        tasks = asked["nodes"] * asked["ntasks_per_node"]
        begin = job.log.stat().st_size if job.log.exists() else 0
        queued = _queued(folder, tasks=tasks) or self._submitted(job, folder, asked)
        return QueuedJob(queued, log=job.log, begin=begin)

    def _submitted(self, job: SweepJob, folder: Path, asked: dict[str, int]) -> "Job[None]":
        from submitit import SlurmExecutor

        executor = SlurmExecutor(folder=folder, max_num_timeout=self.timeouts)
        parameters = {
            "job_name": f"avqa_lit-{job.key}",
            "time": self.timeout_minutes,
            "signal_delay_s": self.grace,
            "stderr_to_stdout": True,
            # A rank that fails ends the others, which would wait for it for ever.
            "srun_args": ["--kill-on-bad-exit=1"],
            **asked,
            **self.parameters,
        }
        try:
            executor.update_parameters(**parameters)
        except ValueError as error:
            raise ConfigError(f"hydra.launcher.parameters={dict(self.parameters)}: {error}") from error
        try:
            return executor.submit(OnNode(job.command, import_path(), str(job.log)))
        except RuntimeError as error:  # what sbatch said
            raise OSError(str(error)) from error


@dataclass(frozen=True)
class OnNode:
    """What each task of a scheduler job does: run the command of the sweep job.

    Attributes:
        command: program and arguments.
        path: PYTHONPATH of the driver.
        log: gets what the first task prints; the others print into the scheduler's own logs.
    """

    command: tuple[str, ...]
    path: str
    log: str

    def __call__(self) -> None:
        """Run the command as one rank of the job; fails with it."""
        ranks = [name for name in os.environ if name.startswith("SLURM_")]
        environment = {**without_ranks(os.environ, keep=ranks), "PYTHONPATH": self.path}
        run = partial(subprocess.run, self.command, env=environment, stdin=subprocess.DEVNULL, check=True)
        if os.environ.get("SLURM_PROCID", "0") != "0":
            run()
            return
        with Path(self.log).open("ab") as log:
            log.write(f"$ {shlex.join(self.command)}\n".encode())
            log.flush()
            run(stdout=log, stderr=subprocess.STDOUT)

    def checkpoint(self) -> Any:
        """Queued again after its time or a preemption, a job resumes from its own last checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class QueuedJob:
    """A scheduler job.

    Args:
        job: as submitit gave it.
        log: of the sweep job.
        begin: length of that log before this attempt.
    """

    def __init__(self, job: "Job[None]", *, log: Path, begin: int) -> None:
        self._job = job
        self._cancelled = False
        self.log = log
        self.begin = begin

    def poll(self) -> int | None:
        """0 or 1, and None while it waits or runs."""
        if not self._job.done():
            return None
        first = self._job.task(0)
        if not first.paths.result_pickle.exists() and first.state != "COMPLETED":
            return 1  # ended by the scheduler; else submitit waits for what slow file systems bring later
        return 0 if first.exception() is None else 1

    def signal(self, signum: Signals) -> None:
        """Cancel the job: SLURM sends SIGTERM, and SIGKILL later by itself."""
        if not self._cancelled:
            self._cancelled = True
            self._job.cancel(check=False)
            self._job.watcher.register_job(self._job.job_id)  # asks for its state soon

    def kill(self) -> None:
        """Cancel the job."""
        self.signal(Signals.SIGKILL)

    def last_lines(self) -> list[str]:
        """End of what the first task printed."""
        return last_lines(self.log, begin=self.begin) if self.log.exists() else []


def resources(trainer: Mapping[str, Any]) -> dict[str, int]:
    """What to ask the scheduler for, in submitit's words.

    Raises:
        ConfigError: a number of devices that is known on the node only.

    Example:
        >>> resources({"accelerator": "gpu", "devices": 4, "num_nodes": 2, "threads": 3})
        {'nodes': 2, 'ntasks_per_node': 4, 'cpus_per_task': 3, 'gpus_per_node': 4}
        >>> resources({"accelerator": "cpu", "devices": 2, "threads": "auto"})
        {'nodes': 1, 'ntasks_per_node': 2, 'cpus_per_task': 1}
    """
    devices, threads = trainer.get("devices", 1), trainer.get("threads")
    if not isinstance(devices, int) or devices < 1:
        raise ConfigError(
            f"trainer.devices={devices}: SLURM is asked for a number a node; give trainer.devices=N"
        )
    asked = {
        "nodes": trainer.get("num_nodes", 1),
        "ntasks_per_node": devices,
        "cpus_per_task": threads if isinstance(threads, int) else 1,
    }
    if trainer.get("accelerator") in ("gpu", "cuda"):
        asked["gpus_per_node"] = devices
    return asked


def _queued(folder: Path, *, tasks: int) -> "Job[None] | None":
    """The scheduler job that an earlier driver submitted for the same sweep job, if it is not over."""
    from submitit import SlurmJob

    for path in folder.glob("*_submission.sh"):
        job: Job[None] = SlurmJob(folder, path.name.split("_")[0], tasks=range(tasks))
        if job.get_info().get("State") in _IN_THE_QUEUE:
            return job
    return None
