"""The Weights & Biases run of a training run."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from lightning.pytorch.loggers import WandbLogger


def wandb_logger(
    *,
    folder: Path,
    config: Mapping[str, Any],
    key: str,
    group: str,
    project: str,
    entity: str | None,
    mode: Literal["online", "offline", "disabled"],
    tags: Sequence[str],
) -> WandbLogger:
    """A logger of one run, offline unless `mode` says otherwise; call it on one process alone.

    The run's id follows from its folder and key, so a run that goes on after an end is the same run there.

    References:
        https://docs.wandb.ai/models/ref/python/functions/init

    Args:
        folder: the run's folder; W&B's own files go to ``wandb/`` below it.
        config: resolved, plain config.
        key: key of the config, the run's name.
        group: the experiment.
        project: W&B project.
        entity: W&B user or team; None is the account's default.
        mode: "offline", "online" or "disabled".
        tags: tags to filter by.
    """
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    # Lightning is handed a run that exists, since it would start one with settings that W&B warns about.
    run = wandb.init(
        id=hashlib.sha256(f"{folder}\n{key}".encode()).hexdigest()[:16],
        resume="allow",
        name=key,
        dir=folder,
        project=project,
        entity=entity,
        group=group,
        job_type="train",
        tags=list(tags),
        config=dict(config),
        mode=mode,
        # A run of its own even where several live in one process; a server that is away costs seconds.
        settings=wandb.Settings(
            silent=True, console="off", reinit="create_new", init_timeout=10, finish_timeout=10
        ),
    )
    # W&B's own steps begin again where a run goes on; Lightning defines this only for runs that it starts.
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return WandbLogger(experiment=run)


def finish(logger: WandbLogger, *, summary: Mapping[str, float], failed: bool) -> None:
    """Write the final metrics under their exact names and close the run with its exit code."""
    run = logger.experiment
    run.summary.update(dict(summary))
    run.finish(exit_code=int(failed))
