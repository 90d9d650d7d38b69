"""From a grid of overrides to the jobs that it asks for."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.sweep_file import JobEntry
from avqa_lit.config.keys import run_key
from avqa_lit.config.resolve import resolved
from avqa_lit.config.sweep.slots import Need

# Hydra's own settings that concern the driver alone.
_OF_THE_DRIVER = ("hydra.mode=", "hydra.run.dir=", "hydra.sweep.", "hydra.sweeper.", "hydra.launcher.")


@dataclass
class SweepJob:
    """One job of a sweep and how far it is.

    Attributes:
        number: position in the grid, from 1.
        key: names the config, and the folder.
        overrides: what its command line is given.
        label: the overrides in which it differs from other jobs.
        config: its resolved config.
        folder: the run's folder.
        command: the process to start.
        need: what it occupies while it runs.
        state: as in sweep.json.
        reason: why it is not finished.
        results: its results.json, once it is finished.
        seconds: how long it ran, over all attempts.
        attempts: how often it was started.
    """

    number: int
    key: str
    overrides: tuple[str, ...]
    label: str
    config: dict[str, Any]
    folder: Path
    command: tuple[str, ...]
    need: Need
    state: str = "waiting"
    reason: str | None = None
    results: Results | None = None
    seconds: float = 0.0
    attempts: int = 0

    @property
    def log(self) -> Path:
        """What the job wrote to stdout and stderr."""
        return self.folder / "job.log"

    def entry(self, sweep_folder: Path) -> JobEntry:
        """What sweep.json says of the job."""
        return JobEntry(
            key=self.key,
            overrides=self.overrides,
            state=self.state,
            folder=str(self.folder.relative_to(sweep_folder)),
            reason=self.reason,
            log=str(self.log.relative_to(sweep_folder)) if self.log.exists() else None,
        )


def plan_jobs(
    grid: Sequence[Sequence[str]],
    *,
    master: DictConfig,
    context: HydraContext,
    folder: Path,
    module: str | None,
    need: Callable[[Mapping[str, Any]], Need],
    uses_gpus: Callable[[Mapping[str, Any]], bool],
    first_number: int,
) -> list[SweepJob]:
    """One job for each point of the grid; points with the same config share one.

    Args:
        grid: overrides of each point, as a sweeper gives them.
        master: the sweep's own composed config.
        context: knows how to compose.
        folder: the sweep's.
        module: run as `python -m`; None is the program that this process runs.
        need: what a job with a trainer config occupies.
        uses_gpus: whether a job with a trainer config runs on GPUs.
        first_number: number of the first job.
    """
    labels = _labels(grid, given=master.hydra.overrides.task)
    jobs: dict[str, SweepJob] = {}
    points = []
    for point, label in zip(grid, labels, strict=True):
        overrides = list(point)
        cfg = context.config_loader.load_sweep_config(master, overrides)
        if _threads_are_open(cfg) and not uses_gpus(cfg.trainer):
            overrides.append("trainer.threads=1")
            OmegaConf.update(cfg, "trainer.threads", 1)
        config = resolved(cfg)
        key = run_key(config)
        if key not in jobs:
            jobs[key] = SweepJob(
                number=first_number + len(jobs),
                key=key,
                overrides=tuple(overrides),
                label=label,
                config=config,
                folder=folder / key,
                command=_command(
                    [*overrides, *_resume(cfg, overrides)], master=master, folder=folder / key, module=module
                ),
                need=need(config.get("trainer", {})),
            )
        points.append(jobs[key])
    return points


def _labels(grid: Sequence[Sequence[str]], *, given: Sequence[str]) -> list[str]:
    """The overrides that set a job apart from all others, or a single one from its command line."""
    shared = set.intersection(*(set(point) for point in grid)) if len(grid) > 1 else set(given)
    return [" ".join([argument for argument in point if argument not in shared] or point) for point in grid]


def _threads_are_open(cfg: DictConfig) -> bool:
    trainer = cfg.get("trainer") or {}
    return "threads" in trainer and trainer["threads"] in (None, "auto")


def _resume(cfg: DictConfig, overrides: Sequence[str]) -> list[str]:
    """Jobs go on where they ended, unless the command line decides it, or asks for all of them anew."""
    if "resume" not in cfg or any(override.startswith("resume=") for override in overrides):
        return []
    return ["resume=never" if (cfg.hydra.launcher or {}).get("rerun") else "resume=auto"]


def _command(
    overrides: Sequence[str], *, master: DictConfig, folder: Path, module: str | None
) -> tuple[str, ...]:
    of_hydra = [
        override
        for override in master.hydra.overrides.hydra
        if not override.lstrip("+~").startswith(_OF_THE_DRIVER)
    ]
    return (
        sys.executable,
        "-P",  # the import path comes whole through PYTHONPATH
        *_program(module),
        *_config_source(master),
        *overrides,
        *of_hydra,
        "hydra.mode=RUN",
        f"hydra.run.dir={QuotedString(str(folder), Quote.double).with_quotes()}",
    )


def _program(module: str | None) -> list[str]:
    if module is not None:
        return ["-m", module]
    spec = sys.modules["__main__"].__spec__
    return ["-m", spec.name] if spec is not None else [str(Path(sys.argv[0]).absolute())]


def _config_source(master: DictConfig) -> list[str]:
    """Options that make a job find the same configs, wherever `--config-*` pointed this process to."""
    options = []
    for source in master.hydra.runtime.config_sources:
        address = source.path if source.schema == "file" else f"{source.schema}://{source.path}"
        if source.provider == "main":
            options += ["--config-path", address]
        elif source.provider == "command-line":
            options += ["--config-dir", address]
    return [*options, "--config-name", str(master.hydra.job.config_name)]
