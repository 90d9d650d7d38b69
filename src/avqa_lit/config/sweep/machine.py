"""Where the jobs of a sweep run: this machine, or a cluster's scheduler."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from signal import Signals
from typing import Any, Protocol

from avqa_lit.config.processors import usable_processors
from avqa_lit.config.sweep.guard import Guard
from avqa_lit.config.sweep.job_process import JobProcess, job_environment
from avqa_lit.config.sweep.plan import SweepJob
from avqa_lit.config.sweep.slots import Lease, Need, Slots, need_of, uses_gpus
from avqa_lit.config.sweep.warm import CAN_FORK, WarmProcess


class RunningJob(Protocol):
    """A job that was started and may have ended."""

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""

    def signal(self, signum: Signals) -> None:
        """Ask every process of the job to end (SIGTERM), or end it (SIGKILL)."""

    def kill(self) -> None:
        """End every process of the job now."""

    def last_lines(self) -> list[str]:
        """End of what it printed."""


Start = Callable[[SweepJob, Lease], RunningJob]


class Machine(Protocol):
    """Knows what a job needs, how many fit, and how to start one."""

    def need(self, trainer: Mapping[str, Any]) -> Need:
        """What a job with this trainer config occupies."""

    def uses_gpus(self, trainer: Mapping[str, Any]) -> bool:
        """Whether a job with this trainer config runs on GPUs."""

    def slots(self, n_jobs: int | None) -> Slots:
        """Room for jobs."""

    def starting(self, trainer: Mapping[str, Any]) -> AbstractContextManager[Start]:
        """A function that starts jobs, while the context is open; most of them have this trainer config."""


class ThisMachine:
    """Jobs are processes here, and share its cores and GPUs.

    Args:
        gpus: ids of the GPUs that the jobs share.
        grace: seconds between SIGTERM and SIGKILL for jobs whose driver is gone.
        preload: modules that jobs need, imported once for those that run in a single process on CPU; none
            starts every job from scratch.
    """

    def __init__(self, *, gpus: Sequence[str], grace: float, preload: Sequence[str] = ()) -> None:
        self.gpus = gpus
        self.grace = grace
        self.preload = preload if CAN_FORK else ()

    def need(self, trainer: Mapping[str, Any]) -> Need:
        """Cores or GPUs."""
        return need_of(trainer, gpus=self.gpus)

    def uses_gpus(self, trainer: Mapping[str, Any]) -> bool:
        """Whether a job with this trainer config runs on GPUs, given those that are here."""
        return uses_gpus(trainer, gpus=self.gpus)

    def slots(self, n_jobs: int | None) -> Slots:
        """As many jobs as processors and GPUs hold, or `n_jobs`."""
        return Slots(processors=usable_processors(), gpus=self.gpus, n_jobs=n_jobs)

    @contextmanager
    def starting(self, trainer: Mapping[str, Any]) -> Iterator[Start]:
        """Starts processes, which a guard ends if this one is killed.

        The imports for jobs that are forked begin at once, and go on while this process plans the sweep.
        """
        with Guard(grace=self.grace) as guard, ExitStack() as stack:
            warm: WarmProcess | None = None

            def warmed() -> WarmProcess:
                nonlocal warm
                if warm is None:
                    environment = job_environment(os.environ, gpus=())
                    made = WarmProcess(self.preload, environment=environment, guard=guard)
                    warm = stack.enter_context(made)
                return warm

            def start(job: SweepJob, lease: Lease) -> RunningJob:
                if self._forks(job.config.get("trainer", {})):
                    with suppress(OSError):  # without it, a job starts from scratch or says what is wrong
                        return warmed().start(job.command, log=job.log)
                environment = job_environment(os.environ, gpus=lease.gpus)
                return JobProcess(job.command, log=job.log, environment=environment, guard=guard)

            if self._forks(trainer):
                with suppress(OSError):
                    warmed()
            yield start

    def _forks(self, trainer: Mapping[str, Any]) -> bool:
        single = trainer.get("devices", 1) in (1, "auto") and trainer.get("num_nodes", 1) == 1
        return bool(self.preload) and single and not self.uses_gpus(trainer)
