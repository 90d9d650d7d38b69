import pytest
import torch
from torch import nn

from avqa_lit.batch import ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.losses.weighted import WeightedLosses


class Fixed(nn.Module):
    """A term of a known value that counts how often it is evaluated."""

    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.calls = 0

    def forward(self, output, batch):
        self.calls += 1
        return self.value * 1


@pytest.fixture
def batch(make_batch):
    return make_batch([0], videos=1)


@pytest.fixture
def output():
    return ModelOutput(torch.zeros(1, 3))


def losses(weights, *, start_epochs=None):
    terms = {name: Fixed(value) for name, value in zip(weights, (2.0, 3.0, 5.0), strict=False)}
    starts = dict.fromkeys(weights, 0) | (start_epochs or {})
    return terms, WeightedLosses(terms, weights=weights, start_epochs=starts)


def test_the_total_is_weighted_and_the_parts_are_not(output, batch):
    _, weighted = losses({"answer": 1.0, "kl": 0.1, "cca": 10.0})
    total, parts = weighted(output, batch, epoch=0)
    assert total.item() == pytest.approx(2 + 0.3 + 50)
    assert {name: part.item() for name, part in parts.items()} == {"answer": 2, "kl": 3, "cca": 5}
    assert not any(part.requires_grad for part in parts.values())
    total.backward()
    assert weighted.terms["kl"].value.grad.item() == pytest.approx(0.1)


def test_a_term_of_weight_zero_is_neither_kept_nor_evaluated(output, batch):
    terms, weighted = losses({"answer": 1.0, "kl": 0.0})
    _, parts = weighted(output, batch, epoch=0)
    assert set(parts) == {"answer"} == set(weighted.names)
    assert terms["kl"].calls == 0
    assert len(list(weighted.parameters())) == 1


def test_a_term_is_evaluated_from_its_start_epoch_on(output, batch):
    terms, weighted = losses({"answer": 1.0, "kl": 1.0}, start_epochs={"kl": 2})
    values = [weighted(output, batch, epoch=epoch)[0].item() for epoch in range(4)]
    assert values == [2, 2, 5, 5]
    assert terms["kl"].calls == 2
    assert weighted.names == ("answer", "kl")


def test_without_an_epoch_every_term_is_evaluated(output, batch):
    _, weighted = losses({"answer": 1.0, "kl": 1.0}, start_epochs={"kl": 2})
    total, parts = weighted(output, batch)
    assert total == 5
    assert set(parts) == {"answer", "kl"}


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), None, "much"])
def test_a_weight_that_is_no_finite_number_of_at_least_zero_is_refused(weight):
    with pytest.raises(ConfigError, match=rf"loss\.kl\.weight is {weight!r}, expected a finite number"):
        losses({"answer": 1.0, "kl": weight})


@pytest.mark.parametrize("start", [-1, 1.5, None])
def test_a_start_epoch_that_is_no_epoch_is_refused(start):
    with pytest.raises(ConfigError, match=rf"loss\.kl\.start_epoch is {start!r}, expected a whole number"):
        losses({"answer": 1.0, "kl": 1.0}, start_epochs={"kl": start})


@pytest.mark.parametrize(
    ("weights", "starts"), [({"answer": 0.0}, {}), ({"answer": 1.0, "kl": 0.0}, {"answer": 1}), ({}, {})]
)
def test_a_run_whose_first_epoch_would_train_nothing_is_refused(weights, starts):
    with pytest.raises(
        ConfigError, match=f"no loss term counts in epoch 0: of {', '.join(weights) or 'none'}"
    ):
        losses(weights, start_epochs=starts)
