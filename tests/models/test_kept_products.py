import copy

import pytest
import torch
from torch import nn

from avqa_lit.batch import Seats
from avqa_lit.models.attention import QueryAttention
from avqa_lit.models.kept_products import KeptProducts
from avqa_lit.models.tokens import Tokens


def pair():
    torch.manual_seed(0)
    return nn.Linear(5, 7, bias=False), nn.Linear(3, 5, bias=False)


@torch.no_grad()
def test_a_product_is_taken_once():
    left, right = pair()
    products = KeptProducts()
    first = products(left.weight, right.weight)
    assert torch.equal(first, left.weight @ right.weight)
    assert products(left.weight, right.weight) is first
    products.forget()
    assert products(left.weight, right.weight) is not first


def test_where_gradients_are_recorded_they_flow_and_nothing_is_kept():
    left, right = pair()
    products = KeptProducts()
    first = products(left.weight, right.weight)
    assert products(left.weight, right.weight) is not first
    first.sum().backward()
    assert left.weight.grad is not None
    assert right.weight.grad is not None


def step(left, right, products):
    """Of a fused optimizer, weights do not show that they changed."""
    optimizer = torch.optim.Adam([*left.parameters(), *right.parameters()], lr=0.1, fused=True)
    products(left.weight, right.weight).square().sum().backward()
    optimizer.step()


def load(left, right, products):
    right.load_state_dict({"weight": right.weight.detach() + 1})


def exchange(left, right, products):
    right.weight.data = right.weight.detach() * 2


def write(left, right, products):
    with torch.no_grad():
        left.weight.mul_(3)


def widen(left, right, products):
    left.double(), right.double()


@pytest.mark.parametrize("change", [step, load, exchange, write, widen])
def test_a_weight_that_changes_is_multiplied_again(change):
    left, right = pair()
    products = KeptProducts()
    with torch.no_grad():
        before = products(left.weight, right.weight).clone()
    change(left, right, products)
    with torch.no_grad():
        after = products(left.weight, right.weight)
        assert torch.equal(after, left.weight @ right.weight)
    assert after.dtype != before.dtype or not torch.allclose(after, before)


@torch.no_grad()
def test_each_precision_has_its_own():
    left, right = pair()
    products = KeptProducts()
    assert products(left.weight, right.weight).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert products(left.weight, right.weight).dtype == torch.bfloat16
    assert products(left.weight, right.weight).dtype == torch.float32


@torch.inference_mode()
def test_weights_without_versions_are_multiplied_each_time():
    left, right = pair()
    products = KeptProducts()
    first = products(left.weight, right.weight)
    left.weight.mul_(2)
    torch.testing.assert_close(products(left.weight, right.weight), 2 * first)


@torch.no_grad()
def test_attention_keeps_its_products_for_one_evaluation():
    torch.manual_seed(0)
    attention, project = QueryAttention(dim=6, heads=2, dropout=0.0).eval(), nn.Linear(3, 6)
    ones = torch.ones(2, 4, dtype=torch.bool)
    tokens = [Tokens(torch.randn(2, 4, 1, 3), project.weight, torch.randn(1, 4, 6), None, ones)]
    seats = Seats(2, 1, torch.arange(2))
    queries = torch.randn(2, 1, 6)

    def read(model):
        return model(queries, tokens, seats, need_weights=False)[0]

    def reference():
        textbook = copy.deepcopy(attention)
        textbook.form = "reference"
        return read(textbook)

    torch.testing.assert_close(read(attention), reference())
    attention.key.weight.data.mul_(-1)  # behind torch's back
    attention.value.weight.data.mul_(2)
    torch.testing.assert_close(read(attention.train().eval()), reference())
    torch.testing.assert_close(read(attention.train()), reference())
