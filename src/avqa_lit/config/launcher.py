"""A Hydra launcher in which every job of a sweep is a fresh process.

Hydra's own launcher runs jobs inside one process. With data-parallel training that goes wrong in silence: the
other ranks run the whole sweep again, and a job inherits the rank variables of the one before.
"""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from avqa_lit.artifacts.atomic import writing
from avqa_lit.artifacts.locks import acquired
from avqa_lit.artifacts.sweep_file import Sweep, read_sweep, sweep_path, write_sweep
from avqa_lit.config.paths import absolute
from avqa_lit.config.smoke import smoke_reasons
from avqa_lit.config.sweep.display import SweepDisplay, print_outcome
from avqa_lit.config.sweep.interrupts import Interrupts
from avqa_lit.config.sweep.loop import JobLoop, Limits
from avqa_lit.config.sweep.machine import Machine, Start
from avqa_lit.config.sweep.outcome import finished_results, why_diverged
from avqa_lit.config.sweep.plan import SweepJob, plan_jobs
from avqa_lit.console import PlainConsole
from avqa_lit.errors import ConfigError, UserError


class SweepFailed(UserError):  # noqa: N818 - it is an outcome, told after all jobs have ended
    """Some jobs of a sweep did not finish."""


@dataclass(frozen=True)
class Hooks:
    """What a command line knows of its own configs.

    Attributes:
        check: raises where a job's resolved config cannot be right.
        current_checksum: of the store that a resolved config names, as it is now; None if there is none yet.
            A finished job whose results tell another one runs again.
        preload: modules that every job imports.
    """

    check: Callable[[dict[str, Any]], None]
    current_checksum: Callable[[dict[str, Any]], str | None]
    preload: tuple[str, ...] = ()


class SweepLauncher(Launcher):
    """Runs each job of a sweep in a process of its own and keeps sweep.json.

    Args:
        machine: where jobs run.
        module: run as `python -m` for each job; None is the program that started the sweep.
        n_jobs: most jobs at once; auto is as many as the machine holds.
        limits: what each job may take.
        rerun: whether finished jobs run again.

    Attributes:
        hooks: what only the command line knows; of the class, since Hydra makes launchers by their name.
    """

    hooks: ClassVar[Hooks]

    def __init__(
        self,
        machine: Machine,
        *,
        module: str | None,
        n_jobs: int | str,
        limits: Limits,
        rerun: bool,
    ) -> None:
        self.machine = machine
        self.module = module
        self.n_jobs = n_jobs
        self.limits = limits
        self.rerun = rerun
        self.jobs: dict[str, SweepJob] = {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take the sweep's config and say where it lies.

        Raises:
            ConfigError: a number of jobs that is none. Hydra would wrap what the constructor raises.
        """
        if self.n_jobs != "auto" and (not isinstance(self.n_jobs, int) or self.n_jobs < 1):
            raise ConfigError(f"hydra.launcher.n_jobs={self.n_jobs}: expected auto or a number from 1")
        self.context = hydra_context
        self.config = config
        self.experiment = config.get("study") or "train"
        _check_folders(config.hydra.overrides.hydra)
        # Beside the real sweep of the same experiment, whose jobs must not be superseded.
        smoke = "smoke" if smoke_reasons(dict(config.get("trainer") or {})) else ""
        self.folder = Path(absolute("paths.runs", config.paths.runs)) / smoke / self.experiment
        if config.hydra.sweep.dir:
            self.folder = Path(absolute("hydra.sweep.dir", config.hydra.sweep.dir))
        config.hydra.sweep.dir = str(self.folder)  # the sweeper keeps its own record there

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs of a grid; called once for each batch of a sweeper that works in batches."""
        _refuse_ranks()
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        lock = acquired(self.folder / ".lock")
        if lock is None:
            raise ConfigError(
                f"{self.folder}: another sweep runs in this folder; wait for it, or give this one its own "
                "with paths.runs=DIR"
            )
        try:
            with self.machine.starting(self.config.get("trainer") or {}) as start:
                points = self._plan(job_overrides)
                self._run(list({job.key: job for job in points}.values()), start)
        finally:
            lock.release()
        return [self._answer(job, overrides) for job, overrides in zip(points, job_overrides, strict=True)]

    def _plan(self, grid: Sequence[Sequence[str]]) -> list[SweepJob]:
        planned = plan_jobs(
            grid,
            master=self.config,
            context=self.context,
            folder=self.folder,
            module=self.module,
            need=self.machine.need,
            uses_gpus=self.machine.uses_gpus,
            first_number=len(self.jobs) + 1,
        )
        new = {job.key: job for job in planned if job.key not in self.jobs}
        for job in new.values():
            if finished_results(job.folder, key=job.key) is None:  # else it was checked when it ran
                self.hooks.check(job.config)
        self.jobs |= new
        points = [self.jobs[job.key] for job in planned]
        for job in points:
            if job.state == "waiting" and not self.rerun:
                checksum = self.hooks.current_checksum(job.config)
                job.results = finished_results(job.folder, key=job.key, checksum=checksum)
                job.reason = why_diverged(job.folder, key=job.key, checksum=checksum)
                if job.results is not None:
                    job.state = "skipped"
                elif job.reason is not None:
                    job.state = "diverged"
        return points

    def _run(self, batch: Sequence[SweepJob], start: Start) -> None:
        jobs = list(self.jobs.values())
        waiting = [job for job in batch if job.state == "waiting"]
        earlier = read_sweep(self.folder) if sweep_path(self.folder).exists() else None
        command = shlex.join([Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]])

        def changed() -> None:
            entries = tuple(job.entry(self.folder) for job in jobs)
            write_sweep(self.folder, Sweep(self.experiment, command, entries).superseding(earlier))

        changed()
        console = PlainConsole(width=None if sys.stdout.isatty() else 160)
        ended = [job.state for job in batch if job.state != "waiting"]
        if finished := len(ended) - ended.count("diverged"):
            console.print(f"{finished} of {len(batch)} jobs are finished already")
        if diverged := ended.count("diverged"):
            console.print(
                f"{diverged} of {len(batch)} jobs diverged in an earlier call, and would again; "
                "hydra.launcher.rerun=true runs all jobs anew",
            )
        slots = self.machine.slots(self.n_jobs if isinstance(self.n_jobs, int) else None)
        if len(waiting) > 1:
            console.print(slots.outlook([job.need for job in waiting]))
        display = SweepDisplay(jobs, console=console)
        with Interrupts() as interrupts:
            with display:
                loop = JobLoop(
                    waiting, slots=slots, limits=self.limits, start=start, display=display, changed=changed
                )
                loop.run(interrupts)
            print_outcome(batch, console=console)
        if interrupts.first is not None:
            sys.exit(128 + interrupts.first)

    def _answer(self, job: SweepJob, overrides: Sequence[str]) -> JobReturn:
        """What the sweeper gets: the monitored value, or an error that names all jobs that did not finish.

        The value of a job that diverged is None: it has come to its end, and a sweep does not fail for it.
        So is that of a smoke run, which is no result.
        """
        if job.results is not None or job.state == "diverged":
            value = None if job.results is None else job.results.scores.get(job.results.monitor or "")
            return JobReturn(
                overrides, working_dir=str(job.folder), status=JobStatus.COMPLETED, _return_value=value
            )
        bad = [job for job in self.jobs.values() if job.results is None and job.state != "diverged"]
        error = SweepFailed(
            f"{len(bad)} of {len(self.jobs)} jobs did not finish, for the reasons told above and in "
            f"{sweep_path(self.folder)}; the same command again runs only what is not finished"
        )
        return _FailedJob(
            overrides, working_dir=str(job.folder), status=JobStatus.FAILED, _return_value=error
        )


class _FailedJob(JobReturn):
    """Raises when a sweeper reads its value, as Hydra's own does, without a line that says the same."""

    @property  # type: ignore[misc]  # nobody sets it again
    def return_value(self) -> Any:
        raise self._return_value


def _check_folders(overrides: Sequence[str]) -> None:
    """Refuse what a sweep could not honour."""
    given = {override.lstrip("+").partition("=")[0] for override in overrides}
    if "hydra.run.dir" in given:
        raise ConfigError(
            "hydra.run.dir names the folder of a single run, and this is a sweep, whose jobs have a folder "
            "each; name the folder of them all with hydra.sweep.dir=DIR"
        )
    if "hydra.sweep.subdir" in given:
        raise ConfigError(
            "hydra.sweep.subdir: the folder of each job is named by the key of its config; name the folder "
            "of them all with hydra.sweep.dir=DIR"
        )


def _refuse_ranks() -> None:
    if os.environ.get("WORLD_SIZE", "1") != "1" and "TORCHELASTIC_RUN_ID" in os.environ:
        raise ConfigError(
            f"this sweep was started by torchrun as one of {os.environ['WORLD_SIZE']} processes, each of "
            "which would run all of it; start it without torchrun: every job starts its own processes"
        )
