"""Clock times of a run, kept apart from its metrics."""

import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.utilities import rank_zero_only

from avqa_lit.artifacts.run_folder import append_jsonl
from avqa_lit.training.fit_length import fit_epochs


class EpochTiming(L.Callback):
    """Appends to a file how many epochs are done, of how many, after which step and how many seconds.

    The seconds of a fit that goes on after an end begin at zero again.

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
    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._began = time.monotonic()
        self._append(trainer, epoch=trainer.current_epoch, seconds=0.0)

    @rank_zero_only
    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._append(trainer, epoch=trainer.current_epoch + 1, seconds=self.seconds)

    def _append(self, trainer: L.Trainer, *, epoch: int, seconds: float) -> None:
        epochs = fit_epochs(trainer)
        row = {"epoch": epoch, "epochs": epochs, "step": trainer.global_step, "seconds": seconds}
        append_jsonl(self.path, row)

    def state_dict(self) -> dict[str, Any]:
        return {"seconds": self.earlier + self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.earlier = state_dict["seconds"]
