"""Steps, rates and logs of fits that accumulate gradients or end after a number of steps."""

import math

import pytest
import torch

from avqa_lit.batch import ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.training.schedules import Cosine, Plateau

pytestmark = pytest.mark.filterwarnings(
    "ignore:The .*dataloader.* does not have many workers", "ignore:.*LeafSpec"
)
RATE = 0.3


class Mute(torch.nn.Module):
    """Says the same of every question."""

    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(()))

    def forward(self, batch):
        return ModelOutput(logits=torch.zeros(len(batch.answer), 3) + self.bias)


def cosine(steps):
    return [RATE * math.cos(math.pi * step / steps / 2) ** 2 for step in range(steps)]


def rates(fitted):
    """Rate of each step, without the rows of epochs' ends, which have no step left to tell."""
    return [row["train/lr"] for row in fitted.trained]


def assert_same(one, other):
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_accumulated_batches_are_one_step_in_schedule_and_logs(fit, batches):
    fitted = fit(batches(9), schedule=Cosine(floor=0.0), max_epochs=2, accumulate_grad_batches=4)
    assert fitted.trainer.global_step == 6
    assert [row["step"] for row in fitted.trained] == [0, 1, 2, 3, 4, 5]
    assert rates(fitted) == pytest.approx(cosine(6))


def test_accumulated_batches_train_as_one_large_batch(fit, batches, join):
    small = batches(9)
    large = [join(small[:4]), join(small[4:8]), join(small[8:])]
    accumulated = fit(small, max_epochs=2, accumulate_grad_batches=4)
    whole = fit(large, max_epochs=2)
    assert [row["train/loss"] for row in accumulated.trained] == pytest.approx(
        [row["train/loss"] for row in whole.trained]
    )
    for name, value in whole.weights.items():
        torch.testing.assert_close(accumulated.weights[name], value)


@pytest.mark.parametrize("accumulated", [1, 2])
def test_a_number_of_steps_trains_as_the_epochs_that_have_as_many(fit, batches, accumulated):
    options = {"schedule": Cosine(floor=0.0), "accumulate_grad_batches": accumulated}
    by_epochs = fit(batches(6), max_epochs=2, **options)
    by_steps = fit(batches(6), max_steps=12 // accumulated, **options)
    both = fit(batches(6), max_epochs=5, max_steps=12 // accumulated, **options)
    assert by_steps.rows == by_epochs.rows == both.rows
    assert_same(by_steps, by_epochs)


def test_a_schedule_ends_with_the_last_of_a_number_of_steps(fit, batches):
    fitted = fit(batches(4), schedule=Cosine(floor=0.0), max_epochs=16, max_steps=10)
    assert fitted.trainer.global_step == 10
    assert rates(fitted) == pytest.approx(cosine(10))


def test_the_last_step_is_validated_also_within_an_epoch(fit, batches):
    fitted = fit(batches(4), max_steps=3)
    assert [row["step"] for row in fitted.validated] == [2]
    assert fitted.folder.best.exists()
    saved = torch.load(fitted.folder.best, weights_only=True)
    assert all(torch.equal(saved["state_dict"][name], fitted.weights[name]) for name in fitted.weights)


def test_a_plateau_looks_at_the_epochs_that_are_validated(fit, batches):
    # The loss never falls: of three validations the first is the best, and the second cuts.
    fitted = fit(
        batches(1), model=Mute(), schedule=Plateau(factor=0.5, patience=0), check_val_every_n_epoch=2,
        max_epochs=6,
    )  # fmt: skip
    assert len(fitted.validated) == 3
    assert rates(fitted) == pytest.approx([RATE] * 4 + [RATE / 2] * 2)


def test_a_plateau_that_validations_between_epochs_do_not_reach_is_refused(fit, batches):
    with pytest.raises(ConfigError, match="check_val_every_n_epoch=null: a plateau schedule looks at val at"):
        fit(
            batches(4), schedule=Plateau(factor=0.5, patience=0), check_val_every_n_epoch=None,
            val_check_interval=3, max_epochs=2,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_epochs": 1, "check_val_every_n_epoch": 2}, "check_val_every_n_epoch=2: the training has 1 ep"),
        ({"max_steps": 3, "check_val_every_n_epoch": 2}, "check_val_every_n_epoch=2: the training has 1 ep"),
        (
            {"max_epochs": 2, "check_val_every_n_epoch": None, "val_check_interval": 9},
            "val_check_interval=9: the training has 8 batches",
        ),
        ({"max_epochs": -1}, "max_epochs=-1: expected 1 or more, since schedules end with the run"),
        ({"max_epochs": 0}, "max_epochs=0, trainer.max_steps=-1: expected 1 or more"),
        ({"max_epochs": 1, "max_steps": 0}, "max_epochs=1, trainer.max_steps=0: expected 1 or more"),
    ],
)
def test_a_training_without_an_end_or_a_validation_is_refused(fit, batches, options, message):
    with pytest.raises(ConfigError, match=rf"trainer\.{message}"):
        fit(batches(4), **options)


def test_validations_may_be_counted_in_batches(fit, batches):
    fitted = fit(batches(4), max_epochs=2, check_val_every_n_epoch=None, val_check_interval=3)
    assert [row["step"] for row in fitted.validated] == [2, 5]
