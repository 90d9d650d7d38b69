"""Trainings whose losses or weights stop to be finite."""

import pytest
import torch
from torch import nn

from avqa_lit.artifacts.run_folder import read_jsonl
from avqa_lit.batch import ModelOutput
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.training.divergence import Diverged, FiniteLosses, all_finite

pytestmark = pytest.mark.filterwarnings(
    "ignore:The .*dataloader.* does not have many workers", "ignore:.*LeafSpec"
)
NAN, INF = float("nan"), float("inf")


def losses(*steps, names=("answer", "kl")):
    watched = FiniteLosses(names=names)
    for step, (answer, kl) in steps:
        terms = {"answer": torch.tensor(answer)} | ({} if kl is None else {"kl": torch.tensor(kl)})
        watched.update(torch.stack(list(terms.values())).sum(), terms, step=step)
    return watched.compute()


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([(0, (1.0, 2.0)), (1, (1.0, None))], None),
        ([(0, (1.0, 2.0)), (1, (1.0, NAN)), (2, (NAN, NAN))], (1, "loss/kl")),
        ([(3, (INF, 2.0)), (4, (1.0, 2.0))], (3, "loss/answer")),
        ([(3, (INF, -INF))], (3, "loss/answer")),
        ([(5, (3e38, 3e38))], (5, "loss")),
    ],
)
def test_the_first_loss_that_is_not_finite_is_named_with_its_step(steps, found):
    assert losses(*steps) == found


@pytest.mark.parametrize(("value", "finite"), [(1.0, True), (3e38, True), (NAN, False), (-INF, False)])
def test_one_number_that_is_not_finite_is_seen_among_many(value, finite):
    tensors = [torch.ones(3, 5), torch.ones(7)]
    tensors[1][2] = value
    assert all_finite(tensors) == finite


class After(nn.Module):
    """A loss term that is 1 until it was asked so often in training, then another value."""

    def __init__(self, steps, value):
        super().__init__()
        self.left, self.value = steps, value

    def forward(self, output, batch):
        if torch.is_grad_enabled():
            self.left -= 1
        return output.logits.sum() * 0 + (self.value if self.left < 0 else 1.0)


class Root(nn.Module):
    """Its loss is finite, but the gradient at 0 is not."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, batch):
        return ModelOutput(
            logits=(self.weight * self.weight).sqrt() + 0 * batch.texts["question"].sentence[:, :3]
        )


def terms(steps, value=NAN):
    return {"answer": AnswerCrossEntropy(label_smoothing=0.0), "late": After(steps, value)}


@pytest.mark.parametrize("accumulated", [1, 2])
@pytest.mark.parametrize("log_every_n_steps", [1, 50])
def test_a_training_ends_with_the_step_and_the_term(fit, batches, accumulated, log_every_n_steps):
    with pytest.raises(Diverged, match=r"diverged: train/loss/late was not finite after 5 .* epoch 1 \(from"):
        fit(
            batches(3 * accumulated), terms=terms(5 * accumulated), max_epochs=4,
            accumulate_grad_batches=accumulated, log_every_n_steps=log_every_n_steps,
        )  # fmt: skip
    (folder,) = fit.folders
    # The epoch before is the best, the one that diverged has no accuracy, and no file holds its weights.
    for path, epoch in ((folder.best, 0), (folder.last, 1)):
        saved = torch.load(path, weights_only=True)
        assert saved["epoch"] == epoch
        assert all_finite(saved["state_dict"].values())


def test_what_was_logged_stays_and_a_loss_that_is_not_finite_is_null(fit, batches):
    with pytest.raises(Diverged):
        fit(batches(3), terms=terms(4, INF), max_epochs=2, log_every_n_steps=50)
    validated, first, last = read_jsonl(fit.folders[0].metrics)
    assert validated["val/loss/late"] == first["train/loss/late"] == 1.0
    assert last["train/loss"] is last["train/loss/late"] is None
    assert last["train/loss/answer"] > 0


def test_weights_that_are_not_finite_are_found_though_the_loss_is(fit, batches):
    with pytest.raises(
        Diverged, match="diverged: weights were not finite after 1 optimizer step, in epoch 0"
    ):
        fit(batches(1), model=Root(), max_epochs=3, log_every_n_steps=50)
    (folder,) = fit.folders
    assert not folder.best.exists()
    assert not folder.last.exists()


def test_anomaly_detection_names_the_operation(fit, batches):
    with (
        pytest.warns(UserWarning, match="Error detected in MulBackward0"),
        pytest.raises(Diverged, match=r"gradient of MulBackward0 was not finite after 0 optimizer steps"),
    ):
        fit(batches(1), model=Root(), max_epochs=3, detect_anomaly=True)


def test_another_error_of_the_backward_pass_is_not_taken_for_a_divergence(fit, batches):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(context, value):
            return value.clone()

        @staticmethod
        def backward(context, gradient):
            raise RuntimeError("out of luck")

    class Model(Root):
        def forward(self, batch):
            return ModelOutput(logits=Broken.apply(self.weight) + 0 * batch.texts["question"].sentence[:, :3])

    with pytest.raises(RuntimeError, match="out of luck"):
        fit(batches(1), model=Model(), max_epochs=1)
