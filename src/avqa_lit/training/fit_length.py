"""How long a fit is, in optimizer steps and in epochs."""

import math

import lightning as L

from avqa_lit.errors import ConfigError


def fit_steps(trainer: L.Trainer) -> int:
    """Optimizer steps of the whole fit: as many as `max_epochs` gives, and at most `max_steps`.

    Raises:
        ConfigError: neither `max_epochs` nor `max_steps` ends the fit, or one of them leaves it no step.
    """
    epochs, steps = trainer.max_epochs, trainer.max_steps
    if (epochs is not None and (epochs == 0 or epochs < -1)) or steps == 0 or steps < -1:
        raise ConfigError(
            f"trainer.max_epochs={epochs}, trainer.max_steps={steps}: expected 1 or more; leave one of them "
            "out (or give -1) to let the other one alone end the training"
        )
    total = trainer.estimated_stepping_batches
    if math.isinf(total):
        raise ConfigError(
            f"trainer.max_epochs={epochs}: expected 1 or more, since schedules end with the run; or give "
            "trainer.max_steps=N"
        )
    return int(total)


def fit_epochs(trainer: L.Trainer) -> int:
    """Epochs that the fit begins; `max_steps` may end the last of them early."""
    return math.ceil(fit_steps(trainer) / _steps_per_epoch(trainer))


def check_validated(trainer: L.Trainer) -> None:
    """Refuse a fit without any validation: the epoch that a run is scored with is chosen on val.

    Raises:
        ConfigError: validations are too far apart.
    """
    epochs, every = fit_epochs(trainer), trainer.check_val_every_n_epoch
    if every is not None:
        if every > epochs:
            raise ConfigError(
                f"trainer.check_val_every_n_epoch={every}: the training has {epochs} epochs, so that none of "
                "them is validated and none can be chosen; validate more often or train for longer"
            )
        return
    # Of a fit that `max_steps` ends, the last step is validated in any case.
    batches = epochs * int(trainer.num_training_batches)
    if trainer.max_steps == -1 and batches < (trainer.val_check_batch or math.inf):
        raise ConfigError(
            f"trainer.val_check_interval={trainer.val_check_interval}: the training has {batches} batches, "
            "so that no epoch is validated and none can be chosen; validate more often or train for longer"
        )


def steps_after(trainer: L.Trainer, batch_idx: int) -> bool:
    """Whether the optimizer steps after this batch of an epoch, or waits for more gradients."""
    done = batch_idx + 1
    return done % trainer.accumulate_grad_batches == 0 or done == trainer.num_training_batches


def batches_of_step(trainer: L.Trainer, batch_idx: int) -> int:
    """Number of batches whose gradients the step of this batch adds up; the last step may have fewer."""
    accumulated = trainer.accumulate_grad_batches
    first = batch_idx // accumulated * accumulated
    return min(accumulated, int(trainer.num_training_batches) - first)


def _steps_per_epoch(trainer: L.Trainer) -> int:
    if trainer.train_dataloader is None:  # while the optimizer is made
        trainer.fit_loop.setup_data()
    return math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches)
