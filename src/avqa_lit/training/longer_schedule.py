"""The learning rate of a run that goes on with another one for more epochs."""

from typing import Any

import lightning as L
from torch.optim.lr_scheduler import LambdaLR

from avqa_lit.training.fit_length import fit_steps


class LongerSchedule(L.Callback):
    """Takes up the schedule of the longer run at the step at which the shorter one ended, and says so.

    The checkpoint holds the rate of the shorter run, which for a cosine is the floor. Without this, the
    first step would still be done at that rate. A plateau schedule keeps its state, and a constant rate
    stays.

    Args:
        was: how long the shorter run was planned, in words.
    """

    def __init__(self, *, was: str) -> None:
        self.was = was

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        rate_before = _rate(trainer)
        for config in trainer.lr_scheduler_configs:
            if isinstance(config.scheduler, LambdaLR):
                take_up(config.scheduler)
        if trainer.is_global_zero:
            print(
                f"schedule: learning rate {_rate(trainer):g} at step {trainer.global_step} of a run of "
                f"{fit_steps(trainer)} steps; the run of {self.was} had {rate_before:g} there",
                flush=True,
            )


def take_up(scheduler: LambdaLR) -> None:
    """Give the optimizer the rate that the schedule has at its present step.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
        >>> scheduler = LambdaLR(optimizer, lambda step: 1.0)
        >>> optimizer.param_groups[0]["lr"] = 0.0
        >>> take_up(scheduler)
        >>> optimizer.param_groups[0]["lr"]
        0.5
    """
    rates = [
        base * factor(scheduler.last_epoch)
        for base, factor in zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)
    ]
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler._last_lr = rates


def _rate(trainer: L.Trainer) -> Any:
    return trainer.optimizers[0].param_groups[0]["lr"]
