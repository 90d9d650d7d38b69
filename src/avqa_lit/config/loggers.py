"""The loggers that a run's config asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.training.jsonl_logger import JsonlLogger
from avqa_lit.training.process import is_first_process
from avqa_lit.training.wandb_run import wandb_logger


def run_loggers(
    config: Mapping[str, Any], *, folder: RunFolder, key: str, overrides: Sequence[str]
) -> list[Any]:
    """The run's own file of metrics, and a W&B run where it is asked for and can be had.

    Args:
        config: of the run, resolved.
        folder: of the run.
        key: of its config.
        overrides: what the command line changed.
    """
    loggers: list[Any] = [JsonlLogger(folder.metrics)]
    settings = dict(config["logger"])
    if settings.pop("kind") == "wandb" and is_first_process():
        group = config["study"] or "train"
        logger = wandb_logger(
            folder=folder, config=config, key=key, overrides=overrides, group=group, **settings
        )
        loggers += [] if logger is None else [logger]
    return loggers
