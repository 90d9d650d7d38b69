"""Clock times of a run, kept apart from its metrics."""

import json
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.utilities import rank_zero_only


class EpochTiming(L.Callback):
    """Appends to a file how many epochs are done, of how many, after which step and how many seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.began = 0.0

    @rank_zero_only
    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.began = time.monotonic()
        self._append(
            {"epoch": trainer.current_epoch, "epochs": trainer.max_epochs, "step": 0, "seconds": 0.0}
        )

    @rank_zero_only
    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._append(
            {
                "epoch": trainer.current_epoch + 1,
                "epochs": trainer.max_epochs,
                "step": trainer.global_step,
                "seconds": round(time.monotonic() - self.began, 3),
            }
        )

    def _append(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
