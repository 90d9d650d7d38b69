"""The LightningModule: one step of training, exact scores of evaluation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.plugins import MixedPrecision, Precision
from lightning.pytorch.utilities import GradClipAlgorithmType
from lightning.pytorch.utilities.types import LRSchedulerConfigType, OptimizerLRScheduler
from torch import Tensor, nn

from avqa_lit.artifacts.results import Divergence, Marks
from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.metrics.accuracy import accuracies, category_counts
from avqa_lit.metrics.answers import AnswerMetrics
from avqa_lit.metrics.classification import classification_report
from avqa_lit.taxonomy import Taxonomy
from avqa_lit.training.divergence import WEIGHTS, Diverged, FiniteLosses, all_finite, anomaly
from avqa_lit.training.fit_length import batches_of_step, check_validated, fit_steps, steps_after
from avqa_lit.training.loss_meter import LossMeter

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


@dataclass(frozen=True)
class Evaluated:
    """Result of the last evaluation.

    Attributes:
        metrics: fractions and losses by name, without the split in front.
        counts: right answers and questions by category.
    """

    metrics: dict[str, float]
    counts: dict[str, Marks]


class Schedule(Protocol):
    """Gives Lightning the learning-rate schedule of an optimizer for a run of so many optimizer steps."""

    def configure(
        self, optimizer: torch.optim.Optimizer, *, steps: int, monitor: str
    ) -> dict[str, Any] | None: ...


class Collector(Protocol):
    """Keeps something of every question of an evaluation."""

    def update(self, output: ModelOutput, batch: Batch) -> None: ...


class AVQAModule(L.LightningModule):
    """Trains a model with weighted losses and counts its right answers per category.

    Args:
        model: from a `Batch` to a `ModelOutput`.
        losses: answer loss and alignment terms.
        features_as_stored: whether the model casts features itself; else it gets them in float32 at least.
        labels: answers of the vocabulary, then those that only evaluation splits have.
        taxonomy: the categories of the questions.
        optimizer: from parameters to their optimizer.
        schedule: learning-rate schedule.
        monitor: validation metric that a plateau schedule follows.
        log_every_n_steps: steps between two logged means of the training losses.
        origin: plain values that travel in the checkpoint, so that evaluation needs no other file.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        losses: WeightedLosses,
        features_as_stored: bool,
        labels: int,
        taxonomy: Taxonomy,
        optimizer: OptimizerFactory,
        schedule: Schedule,
        monitor: str,
        log_every_n_steps: int,
        origin: dict[str, Any],
    ) -> None:
        super().__init__()
        self.model = model
        self.losses = losses
        self.features_as_stored = features_as_stored
        self.optimizer = optimizer
        self.schedule = schedule
        self.monitor = monitor
        self.log_every_n_steps = log_every_n_steps
        self.origin = origin
        self.finite_losses = FiniteLosses(names=tuple(losses.terms))
        self.training_meter = LossMeter(names=tuple(losses.terms))
        self.evaluation_meter = LossMeter(names=tuple(losses.terms))
        self.taxonomy = taxonomy
        self.answers = AnswerMetrics(labels=labels, categories=len(taxonomy))
        self.collectors: Sequence[Collector] = ()
        self.evaluated = Evaluated({}, {})

    def forward(self, batch: Batch) -> ModelOutput:
        output: ModelOutput = self.model(batch if self.features_as_stored else batch.in_full_precision())
        return output

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        output = self(batch)
        loss, terms = self.losses(output, batch, epoch=self.current_epoch)
        self.training_meter.update(loss, terms, output.logits, batch)
        self.finite_losses.update(loss, terms, step=self.global_step)
        trainer = self.trainer
        if (self.global_step + 1) % self.log_every_n_steps == 0 and steps_after(trainer, batch_idx):
            self._log_training()
            self.check_finite()
        # Losses are this process's share of the batch; DDP takes the mean of the gradients, not their sum.
        # Lightning divides by all batches that a step accumulates, also where an epoch ends with fewer.
        missing = trainer.accumulate_grad_batches / batches_of_step(trainer, batch_idx)
        share: Tensor = loss * (trainer.world_size * missing)
        return share

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        if self.global_step == self.trainer.max_steps:
            self.trainer.should_stop = True  # else Lightning ends an epoch that is cut short unvalidated

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        try:
            super().backward(loss, *args, **kwargs)
        except RuntimeError as error:
            operation = anomaly(error)
            if operation is None:
                raise
            self.check_finite()
            found = Divergence(
                step=self.global_step, epoch=self.current_epoch, quantity=f"gradient of {operation}"
            )
            raise Diverged(found) from error

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        plugin = self.trainer.precision_plugin
        if isinstance(plugin, MixedPrecision) and plugin.scaler is None and gradient_clip_val is not None:
            # Lightning refuses to clip for fused optimizers under autocast; it is gradient scaling, which
            # bfloat16 does without, that would forbid it.
            algorithm = GradClipAlgorithmType(gradient_clip_algorithm or "norm")
            Precision.clip_gradients(plugin, optimizer, gradient_clip_val, algorithm)
        else:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def on_train_epoch_end(self) -> None:
        if self.training_meter.update_called:
            self._log_training()
            self.check_finite()

    def _log_training(self) -> None:
        values = {f"train/{name}": value for name, value in self.training_meter.compute().items()}
        self.training_meter.reset()
        values["train/lr"] = self.trainer.optimizers[0].param_groups[0]["lr"]
        self.trainer.progress_bar_metrics.update(values)
        for logger in self.loggers:
            logger.log_metrics({**values, "epoch": self.current_epoch}, step=self.global_step)

    def check_finite(self) -> None:
        """End a training whose losses or weights are not finite; to be called by all processes.

        Raises:
            Diverged: on the first process, which tells it for all. The others exit without a word.
        """
        if not self.finite_losses.update_called:
            return
        found = self.finite_losses.compute()
        if found is not None:
            divergence = Divergence(step=found[0], epoch=self.current_epoch, quantity=f"train/{found[1]}")
        elif not all_finite(self.parameters()):
            divergence = Divergence(step=self.global_step, epoch=self.current_epoch, quantity=WEIGHTS)
        else:
            return
        if self.training_meter.update_called:
            self._log_training()
        if not self.trainer.is_global_zero:
            raise SystemExit(0)  # with another status, Lightning would kill the first process
        raise Diverged(divergence)

    def on_validation_start(self) -> None:
        self.check_finite()  # an epoch that diverged has no accuracy to be chosen by

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluation_step(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluation_step(batch)

    def _evaluation_step(self, batch: Batch) -> None:
        output = self(batch)
        # All terms, also those that start later: one epoch's loss can then be held against another's.
        loss, terms = self.losses(output, batch)
        self.evaluation_meter.update(loss, terms, output.logits, batch)
        self.answers.update(output.logits.argmax(-1), batch.answer, batch.category, batch.weight)
        for collector in self.collectors:
            collector.update(output, batch)

    def on_validation_epoch_end(self) -> None:
        self._end_evaluation()
        # Every process has the same values; the maximum of equal numbers is exact, their mean is not.
        values = {f"val/{name}": value for name, value in self.evaluated.metrics.items()}
        self.log_dict(values, sync_dist=True, reduce_fx="max")

    def on_test_epoch_end(self) -> None:
        self._end_evaluation()

    def _end_evaluation(self) -> None:
        counts = self.answers.compute()
        # Torchmetrics makes a scalar of what has one element, as the counts of one category have.
        correct, total = counts.correct.reshape(-1).tolist(), counts.total.reshape(-1).tolist()
        by_category = category_counts(correct, total, self.taxonomy)
        metrics = accuracies(by_category, self.taxonomy)
        labels = self.answers.labels  # torchmetrics makes a number of a matrix of one
        confusion = counts.confusion.reshape(labels, labels)
        metrics |= classification_report(np.asarray(confusion.cpu())).averages()
        losses = self.evaluation_meter.compute()
        metrics |= {name: value for name, value in losses.items() if name not in metrics}
        self.evaluated = Evaluated(metrics, by_category)
        self.answers.reset()
        self.evaluation_meter.reset()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.check_finite()  # no checkpoint holds weights that a run cannot go on from
        checkpoint["avqa_lit"] = self.origin
        checkpoint["training_meter"] = self.training_meter.shares()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.training_meter.take_up(
            checkpoint["training_meter"], rank=self.trainer.global_rank, world_size=self.trainer.world_size
        )

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.optimizer(self.parameters())
        check_validated(self.trainer)
        schedule = self.schedule.configure(optimizer, steps=fit_steps(self.trainer), monitor=self.monitor)
        if schedule is None:
            return optimizer
        if "monitor" in schedule:
            schedule["frequency"] = self._epochs_between_validations()
        return {"optimizer": optimizer, "lr_scheduler": cast(LRSchedulerConfigType, schedule)}

    def _epochs_between_validations(self) -> int:
        """How often a schedule that follows a validation metric can look at it."""
        every = self.trainer.check_val_every_n_epoch
        if every is None:
            raise ConfigError(
                "trainer.check_val_every_n_epoch=null: a plateau schedule looks at val at the end of epochs; "
                "give a number of epochs, or another schedule"
            )
        return every
