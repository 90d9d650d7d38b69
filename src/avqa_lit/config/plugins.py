"""Our launchers and our sweeper as Hydra knows them: their names and their settings."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

from avqa_lit.config.launcher import Hooks, SweepLauncher
from avqa_lit.config.optuna_sweeper import OptunaSweeper
from avqa_lit.config.sweep.loop import Limits
from avqa_lit.config.sweep.machine import ThisMachine
from avqa_lit.config.sweep.slots import visible_gpus
from avqa_lit.config.sweep.slurm import SlurmCluster

# Hydra takes plugins from the namespace `hydra_plugins` only, but looks a name up in its own table.
_PROCESS = "hydra_plugins.avqa_lit.process"
_SLURM = "hydra_plugins.avqa_lit.slurm"
_OPTUNA = "hydra_plugins.avqa_lit.optuna"


@dataclass
class ProcessSettings:
    """Settings under `hydra.launcher` for jobs on this machine.

    Attributes:
        module: run as `python -m` for each job; null is the program that started the sweep.
        n_jobs: most jobs at once; auto is as many as cores and GPUs hold.
        gpus: ids of the GPUs that the jobs share; null is all that this process may use.
        timeout_minutes: limit of one attempt; 0 is none.
        grace_seconds: between SIGTERM and SIGKILL, time for a job to save.
        retries: further attempts after a failed one.
        fail_fast: whether the first failed job ends the sweep.
        rerun: whether jobs that finished or diverged run again.
        warm: whether single-process jobs on CPU start from one process that has done the imports.
    """

    _target_: str = _PROCESS
    module: str | None = None
    n_jobs: Any = "auto"
    gpus: list[str] | None = None
    timeout_minutes: float = 0
    grace_seconds: float = 15
    retries: int = 0
    fail_fast: bool = False
    rerun: bool = False
    warm: bool = True


@dataclass
class SlurmSettings:
    """Settings under `hydra.launcher` for jobs of a SLURM cluster.

    Attributes:
        module: run as `python -m` for each job; null is the program that started the sweep.
        n_jobs: most jobs in the scheduler's queue at once; auto is all.
        timeout_minutes: time that one attempt asks the scheduler for.
        grace_seconds: time between the scheduler's warning and the end, for a job to save.
        retries: further attempts after a failed one, also one over its time.
        fail_fast: whether the first failed job ends the sweep.
        rerun: whether jobs that finished or diverged run again.
        partition: the scheduler's; null is its default.
        account: that is charged; null is its default.
        mem: memory of a node, such as 16GB; null is its default.
        parameters: anything else that submitit's SlurmExecutor takes: +hydra.launcher.parameters.qos=NAME.
    """

    _target_: str = _SLURM
    module: str | None = None
    n_jobs: Any = "auto"
    timeout_minutes: int = 720
    grace_seconds: int = 90
    retries: int = 0
    fail_fast: bool = False
    rerun: bool = False
    partition: str | None = None
    account: str | None = None
    mem: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class OptunaSettings:
    """Settings under `hydra.sweeper` for values that a sampler draws.

    Attributes:
        n_trials: how many jobs in all, also over several calls of the same command.
        n_jobs: how many are drawn at once, and so can run at once.
        seed: of the sampler.
        sampler: a class of optuna.samplers that takes a seed.
        params: what is swept, in Hydra's grammar: a,b or range(...) or tag(log, interval(...)).
    """

    _target_: str = _OPTUNA
    n_trials: int = 20
    n_jobs: int = 1
    seed: int = 0
    sampler: str = "TPESampler"
    params: dict[str, str] = field(default_factory=dict)


def process_launcher(
    *,
    gpus: list[str] | None,
    timeout_minutes: float,
    grace_seconds: float,
    retries: int,
    fail_fast: bool,
    warm: bool,
    **others: Any,
) -> SweepLauncher:
    """The launcher that `ProcessSettings` describe."""
    pool = visible_gpus(os.environ) if gpus is None else list(gpus)
    preload = SweepLauncher.hooks.preload if warm else ()
    machine = ThisMachine(gpus=pool, grace=grace_seconds, preload=preload)
    limits = Limits(timeout=60 * timeout_minutes, grace=grace_seconds, retries=retries, fail_fast=fail_fast)
    return SweepLauncher(machine, limits=limits, **others)


def slurm_launcher(
    *,
    timeout_minutes: int,
    grace_seconds: int,
    retries: int,
    fail_fast: bool,
    partition: str | None,
    account: str | None,
    mem: str | None,
    parameters: DictConfig,
    **others: Any,
) -> SweepLauncher:
    """The launcher that `SlurmSettings` describe."""
    given = {"partition": partition, "account": account, "mem": mem}
    further = cast(dict[str, Any], OmegaConf.to_container(parameters))
    machine = SlurmCluster(
        parameters={name: value for name, value in given.items() if value is not None} | further,
        timeout_minutes=timeout_minutes,
        grace=grace_seconds,
        timeouts=retries,
    )
    # The scheduler ends what runs too long; waiting in its queue is no fault of a job.
    limits = Limits(timeout=0, grace=grace_seconds, retries=retries, fail_fast=fail_fast)
    return SweepLauncher(machine, limits=limits, **others)


def register_plugins(hooks: Hooks) -> None:
    """Make `hydra/launcher=process`, `=slurm` and `hydra/sweeper=optuna` known; before `hydra.main`."""
    SweepLauncher.hooks = hooks
    known: tuple[tuple[str, str, type, str, Callable[..., Any]], ...] = (
        ("hydra/launcher", "process", ProcessSettings, _PROCESS, process_launcher),
        ("hydra/launcher", "slurm", SlurmSettings, _SLURM, slurm_launcher),
        ("hydra/sweeper", "optuna", OptunaSettings, _OPTUNA, OptunaSweeper),
    )
    for group, name, settings, target, make in known:
        ConfigStore.instance().store(group=group, name=name, node=settings)
        Plugins.instance().class_name_to_class[target] = make  # type: ignore[assignment]  # it is only called
