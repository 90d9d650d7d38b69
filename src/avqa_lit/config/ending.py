"""What has to end with a training: its loggers, and the processes that it started."""

import atexit
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import lightning as L

from avqa_lit.artifacts.attention import Attention
from avqa_lit.artifacts.predictions import Prediction
from avqa_lit.training.wandb_run import RunLogger


@dataclass
class Final:
    """What the loggers keep of a run's end.

    Attributes:
        summary: final metrics by their full name.
        predictions: of the test split.
        attention: of the same questions, where it was kept.
    """

    summary: Mapping[str, float | None] = field(default_factory=dict)
    predictions: Sequence[Prediction] = ()
    attention: Attention | None = None


@contextmanager
def ending(trainer: L.Trainer) -> Iterator[Final]:
    """Close the W&B run with what the block gives; after an error, leave no process behind."""
    final = Final()
    failed = True
    try:
        yield final
        failed = False
    finally:
        for logger in trainer.loggers:
            if isinstance(logger, RunLogger):
                logger.end(
                    failed=failed,
                    summary=final.summary,
                    predictions=final.predictions,
                    attention=final.attention,
                )
        launcher = trainer.strategy.launcher
        if failed and launcher is not None:
            # Not before the end: Lightning watches them, and kills this process where one of them dies.
            atexit.register(launcher.kill, signal.SIGKILL)
