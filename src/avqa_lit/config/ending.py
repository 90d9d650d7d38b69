"""What has to end with a training: its loggers, and the processes that it started."""

import atexit
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L

from avqa_lit.training.wandb_run import RunLogger


@contextmanager
def ending(trainer: L.Trainer) -> Iterator[dict[str, Any]]:
    """Close the W&B run with what the block gives; after an error, leave no process behind."""
    final: dict[str, Any] = {}
    failed = True
    try:
        yield final
        failed = False
    finally:
        for logger in trainer.loggers:
            if isinstance(logger, RunLogger):
                logger.end(failed=failed, **final)
        launcher = trainer.strategy.launcher
        if failed and launcher is not None:
            # Not before the end: Lightning watches them, and kills this process where one of them dies.
            atexit.register(launcher.kill, signal.SIGKILL)
