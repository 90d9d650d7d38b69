"""Live display of a fit: epoch, loss, accuracy, time left for the whole."""

from typing import Any

import lightning as L
from rich.progress import BarColumn, Progress, TaskID, TimeElapsedColumn, TimeRemainingColumn

from avqa_lit.console import PlainColumn, PlainConsole
from avqa_lit.training.fit_length import fit_epochs, fit_steps


class FitProgress(L.Callback):
    """One line that counts the steps of the whole fit.

    Args:
        console: where to draw; a console that is no terminal stays empty.
        monitor: validation metric to show beside the loss.
    """

    def __init__(self, console: PlainConsole, *, monitor: str) -> None:
        self.console = console
        self.monitor = monitor
        self.progress: Progress | None = None
        self.task = TaskID(0)
        self.epochs = 0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if not (trainer.is_global_zero and self.console.is_terminal):
            return
        self.progress = Progress(
            PlainColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            PlainColumn("left"),
            TimeRemainingColumn(),
            PlainColumn("{task.fields[values]}"),
            console=self.console,
        )
        steps, self.epochs = fit_steps(trainer), fit_epochs(trainer)
        self.task = self.progress.add_task("fit", total=steps, completed=trainer.global_step, values="")
        self.progress.start()

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        if self.progress is not None:
            epoch = f"epoch {trainer.current_epoch + 1}/{self.epochs}"
            self.progress.update(
                self.task, completed=trainer.global_step, description=epoch, values=self._values(trainer)
            )

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._stop()

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        self._stop()

    def _values(self, trainer: L.Trainer) -> str:
        shown = {"loss": "train/loss", self.monitor: self.monitor}
        metrics: dict[str, Any] = {**trainer.callback_metrics, **trainer.progress_bar_metrics}
        return "  ".join(f"{name} {float(metrics[key]):.3f}" for name, key in shown.items() if key in metrics)

    def _stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
