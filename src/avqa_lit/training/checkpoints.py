"""The two checkpoints of a run: the best epoch, and where the run goes on."""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning as L
from torch import Tensor

from avqa_lit.artifacts.atomic import writing
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.data.datamodule import BatchLoader
from avqa_lit.errors import ConfigError
from avqa_lit.training.checkpoint_io import UnreadableCheckpointError, read_checkpoint, verify
from avqa_lit.training.interruption import Interruption
from avqa_lit.training.schedules import should_fall

STEPS_BETWEEN_CHECKS = 8  # processes talk to each other for a check


class Checkpoints(L.Callback):
    """Saves ``best.ckpt`` after a validation better than all before, and ``last.ckpt`` between epochs.

    Between epochs means after all that belongs to one, also what Lightning does behind the last hook of an
    epoch, such as the step of a plateau schedule. A run that is told to end saves within an epoch as well.

    Args:
        folder: the run's.
        monitor: validation metric that chooses the best epoch; ties go to the earlier one.
        resumes_from: checkpoint that is handed to the fit, None where it starts afresh.
        interruption: says when to end.
        check: raises where the folder must not be written to any more.
        keeps_best: whether the best epoch that the checkpoint knows lies in the folder; without it, the best
            is chosen anew.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        monitor: str,
        resumes_from: Path | None,
        interruption: Interruption,
        check: Callable[[], None],
        keeps_best: bool = True,
    ) -> None:
        self.folder = folder
        self.monitor = monitor
        self.resumes_from = resumes_from
        self.interruption = interruption
        self.check = check
        self.keeps_best = keeps_best
        self._best = math.nan
        self._saved_at = 0
        self._steps = 0
        self._told_to_end = False

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Make sure that all processes go on from the same place.

        Raises:
            ConfigError: they do not see the same checkpoint.
        """
        if stage != "fit":
            return
        mine = None if self.resumes_from is None else str(self.resumes_from)
        same = trainer.strategy.broadcast(mine) == mine
        if not trainer.strategy.reduce_boolean_decision(same):
            raise ConfigError(
                f"resume=auto: process {trainer.global_rank} found {mine or 'no checkpoint'}, another found "
                "something else; give all machines the same paths.runs, or start afresh with resume=never"
            )

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if self.resumes_from is None:
            return
        loader = trainer.train_dataloader
        assert isinstance(loader, BatchLoader)
        loader.load_state_dict({"steps": self._steps})
        loop = trainer.fit_loop
        # A fit that restarts leaves out the plateau schedule's step at the end of its first epoch.
        loop.restarting = False
        if self._steps > 0:
            loop.epoch_loop.restarting = True
        else:
            # The next epoch begins as any other. Lightning would end the last one a second time.
            loop.reset_restart_stage()
            loop.epoch_loop.reset_restart_stage()
            loop.epoch_progress.total.reset_on_restart()
            loop.epoch_progress.current.reset_on_restart()

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._save_last(trainer)
        if self.interruption.check(trainer):
            self.interruption.end(trainer)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % STEPS_BETWEEN_CHECKS == 0:
            self._told_to_end = self.interruption.check(trainer)
        if self._told_to_end and _is_at_rest(trainer, batch_idx):
            self._save_last(trainer, steps=batch_idx + 1)
            self.interruption.end(trainer)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._save_last(trainer)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the epoch if it is the best.

        Raises:
            ConfigError: no validation metric has the monitored name.
        """
        known = trainer.callback_metrics
        if self.monitor not in known:
            raise ConfigError(f"monitor={self.monitor}: expected one of {', '.join(sorted(known))}")
        value = float(known[self.monitor])
        better = value < self._best if should_fall(self.monitor) else value > self._best
        if better or math.isnan(self._best):
            self._best, self._steps = value, 0
            self.check()
            trainer.save_checkpoint(self.folder.best)

    def _save_last(self, trainer: L.Trainer, *, steps: int = 0) -> None:
        if trainer.global_step != self._saved_at:
            self._saved_at, self._steps = trainer.global_step, steps
            self.check()
            if trainer.is_global_zero and self.folder.last.exists():
                with writing(self.folder.previous):
                    self.folder.last.replace(self.folder.previous)
            trainer.save_checkpoint(self.folder.last)

    def on_save_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["resume"] = {
            "steps": self._steps,
            "best": self._best,
            "metrics": _size(self.folder.metrics),
        }

    def on_load_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        state = checkpoint["resume"]
        self._steps = state["steps"]
        self._best = state["best"] if self.keeps_best else math.nan
        # A run that goes on with another one saves when its first epoch begins, and then stands by itself.
        stands_alone = self.resumes_from in (self.folder.last, self.folder.previous)
        self._saved_at = checkpoint["global_step"] if stands_alone or self._steps > 0 else -1
        if trainer.is_global_zero and _size(self.folder.metrics) > state["metrics"]:
            os.truncate(self.folder.metrics, state["metrics"])


def _is_at_rest(trainer: L.Trainer, batch_idx: int) -> bool:
    """Whether no gradient waits for more of its batches, and no validation comes next."""
    done = batch_idx + 1
    return (
        done % trainer.accumulate_grad_batches == 0
        and done % (trainer.val_check_batch or math.inf) != 0
        and trainer.global_step != trainer.max_steps
    )


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def obstacle(checkpoint: Mapping[str, Any], folder: RunFolder) -> str | None:
    """Why the run of `folder` cannot go on from its checkpoint as if it had never ended; None where it can.

    Args:
        checkpoint: content of its ``last.ckpt``, or of the one before.
        folder: the run's.
    """
    state = checkpoint.get("resume") or {}
    if not {"steps", "best", "metrics"} <= state.keys() or "avqa_lit" not in checkpoint:
        return f"another version of avqa_lit wrote the checkpoints in {folder.last.parent}"
    if _size(folder.metrics) < state["metrics"]:
        return f"{folder.metrics} is shorter than when the checkpoint was written"
    if math.isnan(state["best"]):
        return None
    if not folder.best.exists():
        return f"{folder.best} is missing"
    try:
        verify(folder.best)
    except UnreadableCheckpointError as error:
        return str(error)
    return None


def load_best(trainer: L.Trainer, module: L.LightningModule, folder: RunFolder) -> int:
    """Give the module the weights of the best epoch, on every process, and return the epoch's number."""
    found: tuple[int, dict[str, Tensor]] = (0, {})
    if trainer.is_global_zero:
        saved = read_checkpoint(folder.best)
        found = (saved["epoch"], saved["state_dict"])
    epoch, weights = trainer.strategy.broadcast(found)
    module.load_state_dict(weights)
    return epoch
