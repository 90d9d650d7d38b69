"""Clock times of a run, kept apart from its metrics."""

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_only

from avqa_lit.artifacts.timing_file import TimingRow, append_timing, read_timing, write_timing
from avqa_lit.training.fit_length import fit_epochs


class EpochTiming(L.Callback):
    """Appends to a file how many epochs are done, of how many, after which step and how many seconds.

    The seconds of a fit that goes on after an end begin at zero again. Nothing of this enters a checkpoint:
    equal trainings write equal checkpoints, however long they took.

    Attributes:
        earlier: seconds that the fits before this one took, up to the checkpoint from which this one goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.earlier = 0.0
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """Since the fit began."""
        return 0.0 if self._began is None else round(time.monotonic() - self._began, 3)

    @rank_zero_only
    def on_load_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Cut the file back to the checkpoint, and add up how long its fits took."""
        if self.path.exists():
            rows = [row for row in read_timing(self.path) if row.step <= checkpoint["global_step"]]
            while rows and rows[-1].seconds == 0 and rows[-1].step == checkpoint["global_step"]:
                rows.pop()  # a fit that ended before it came further
            self.earlier = _seconds_of_fits(rows)
            write_timing(self.path, rows)

    @rank_zero_only
    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._began = time.monotonic()
        self._append(trainer, epoch=trainer.current_epoch, seconds=0.0)

    @rank_zero_only
    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._append(trainer, epoch=trainer.current_epoch + 1, seconds=self.seconds)

    @rank_zero_only
    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Tell how long the part of an epoch took after which the fit was ended."""
        if self._began is not None and trainer.state.fn == TrainerFn.FITTING:
            self._append(trainer, epoch=trainer.current_epoch, seconds=self.seconds)

    def _append(self, trainer: L.Trainer, *, epoch: int, seconds: float) -> None:
        row = TimingRow(epoch=epoch, epochs=fit_epochs(trainer), step=trainer.global_step, seconds=seconds)
        append_timing(self.path, row)


def _seconds_of_fits(rows: Sequence[TimingRow]) -> float:
    """Sum over the fits of the seconds at their last row; each fit begins with a row at zero."""
    seconds = [*(row.seconds for row in rows), 0.0]
    return round(sum(last for last, following in pairwise(seconds) if following == 0), 3)
