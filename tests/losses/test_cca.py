import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag, eigh
from sklearn import cross_decomposition

from avqa_lit.batch import Track
from avqa_lit.errors import ConfigError
from avqa_lit.losses.cca import CCA, mean_correlation

ROUNDING = 1e-4  # the documented difference from the sum of singular values, for each of them


def views(rows, first=5, second=3, *, seed=0, shared=2):
    """Two views that have `shared` latent directions in common."""
    random = np.random.default_rng(seed)
    latent = random.normal(size=(rows, shared))
    x = latent @ random.normal(size=(shared, first)) + random.normal(size=(rows, first))
    y = latent @ random.normal(size=(shared, second)) + random.normal(size=(rows, second))
    return torch.from_numpy(x), torch.from_numpy(y)


def ones(rows):
    return torch.ones(rows, dtype=torch.float64)


def assert_is(found, correlations):
    expected = np.mean(np.sqrt(np.square(correlations) + ROUNDING**2) - ROUNDING)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)
    assert -1e-12 <= np.mean(correlations) - float(found) <= ROUNDING


@pytest.mark.parametrize(("first", "second"), [(5, 3), (3, 5), (4, 4), (1, 1)])
def test_with_next_to_no_ridge_it_is_the_mean_cosine_of_principal_angles(first, second):
    """Bjorck and Golub (1973): the singular values of the product of two orthonormal bases."""
    x, y = views(37, first, second)
    bases = [np.linalg.qr(one - one.mean(axis=0))[0] for one in (x.numpy(), y.numpy())]
    expected = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    found = mean_correlation(x, y, ones(37), ridge=1e-12)
    np.testing.assert_allclose(found, expected.mean(), atol=ROUNDING + 1e-5)


def test_it_is_what_scikit_learn_finds():
    x, y = views(101)
    scores = cross_decomposition.CCA(n_components=3, max_iter=5000, tol=1e-12).fit(x.numpy(), y.numpy())
    first, second = scores.transform(x.numpy(), y.numpy())
    expected = [np.corrcoef(first[:, one], second[:, one])[0, 1] for one in range(3)]
    found = mean_correlation(x, y, ones(101), ridge=1e-12)
    np.testing.assert_allclose(found, np.mean(expected), atol=ROUNDING + 1e-5)


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 2.0])
@pytest.mark.parametrize("rows", [2, 4, 37])
def test_with_a_ridge_and_weights_it_solves_the_generalised_eigenproblem(rows, ridge):
    """Also with fewer rows than dimensions."""
    x, y = views(rows, 5, 7)
    weight = torch.linspace(0.5, 3, rows, dtype=torch.float64)
    covariance = np.cov(np.hstack([x, y]).T, aweights=weight, ddof=0)
    blocks = [covariance[:5, :5], covariance[5:, 5:]]
    means = [np.average(one.numpy() ** 2, axis=0, weights=weight).mean() for one in (x, y)]
    blocks = [
        one + (ridge * np.trace(one) / len(one) + 1e-6 * mean + 1e-12) * np.eye(len(one))
        for one, mean in zip(blocks, means, strict=True)
    ]
    across = np.zeros((12, 12))
    across[:5, 5:], across[5:, :5] = covariance[:5, 5:], covariance[5:, :5]
    assert_is(mean_correlation(x, y, weight, ridge=ridge), eigh(across, block_diag(*blocks))[0][-5:].clip(0))


@settings(deadline=None)
@given(seed=st.integers(0, 99), scale=st.floats(1e-2, 1e4), shift=st.floats(-10, 10))
def test_it_lies_between_0_and_1_and_no_scale_or_order_changes_it(seed, scale, shift):
    x, y = views(11, seed=seed)
    x, y = x - x.mean(0), y - y.mean(0)
    value = mean_correlation(x, y, ones(11), ridge=0.1)
    assert 0 <= value <= 1
    torch.testing.assert_close(mean_correlation(x * scale, y, ones(11), ridge=0.1), value, rtol=1e-6, atol=0)
    torch.testing.assert_close(mean_correlation(x + shift, y, ones(11), ridge=0.1), value, rtol=1e-2, atol=0)
    torch.testing.assert_close(mean_correlation(y, x, ones(11), ridge=0.1), value)
    order = torch.randperm(11, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(mean_correlation(x[order], y[order], ones(11), ridge=0.1), value)


def test_a_row_of_weight_two_counts_as_two_equal_rows():
    x, y = views(7)
    number = torch.tensor([1, 2, 1, 3, 1, 1, 2])
    repeated = [one.repeat_interleave(number, dim=0) for one in (x, y)]
    torch.testing.assert_close(
        mean_correlation(x, y, number.double(), ridge=0.1), mean_correlation(*repeated, ones(11), ridge=0.1)
    )


def test_equal_views_correlate_wholly_but_for_the_ridge_and_have_a_gradient():
    """All correlations are nearly the same number: singular values that repeat."""
    x = torch.linalg.qr(views(19)[0] - views(19)[0].mean(0))[0].requires_grad_()
    value = mean_correlation(x, x, ones(19), ridge=0.25)
    np.testing.assert_allclose(value.detach(), 1 / 1.25, atol=2 * ROUNDING)
    value.backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize(("rows", "rank"), [(13, 5), (13, 2), (3, 5)])
def test_gradients_are_those_of_finite_differences(rows, rank, equal):
    """Of full rank, of a view without some of its dimensions, of fewer rows than dimensions."""
    x, y = views(rows, 5, 5)
    x[:, rank:] = x[:, :1]
    weight = torch.linspace(1, 2, rows, dtype=torch.float64)

    def value(first, second):
        return mean_correlation(first, first if equal else second, weight, ridge=0.1)

    inputs = [one.clone().requires_grad_() for one in (x, y)]
    assert torch.autograd.gradcheck(value, inputs, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1e-7])
@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_a_view_that_does_not_vary_correlates_with_nothing(constant, noise):
    x, y = views(11)
    flat = (torch.full_like(x, constant) * (1 + noise * x)).requires_grad_()
    value = mean_correlation(flat, y, ones(11), ridge=0.1)
    assert value < 1e-3
    value.backward()
    assert flat.grad.isfinite().all()


@pytest.mark.parametrize("rows", [0, 1])
def test_one_row_has_nothing_to_correlate(rows):
    x, y = (one[:rows].requires_grad_() for one in views(2))
    value = mean_correlation(x, y, ones(rows), ridge=0.1)
    value.backward()
    assert value == 0
    assert x.grad.eq(0).all()


@pytest.mark.parametrize("level", ["clip", "frame"])
class TestEachLevel:
    def test_shares_of_the_questions_add_up(self, level, make_tracks, make_output, make_batch):
        """On one process: the part that it gives to a step in which others have more questions."""
        output, loss = make_output(*make_tracks(padding=1, rubbish=1e6), 5), CCA(ridge=0.1, level=level)
        whole = loss(output, make_batch([2, 0, 0, 1, 0], videos=3))
        part = loss(output, make_batch([2, 0, 0, 1, 0], videos=3, total=7))
        assert -1 < whole < 0
        torch.testing.assert_close(part, whole * 5 / 7)

    def test_half_precision_is_computed_in_double_precision(
        self, level, make_tracks, make_output, make_batch
    ):
        tracks = [Track(t.values.bfloat16(), t.mask, t.seconds.float()) for t in make_tracks()]
        exact = [Track(t.values.double(), t.mask, t.seconds) for t in tracks]
        loss, batch = CCA(ridge=0.1, level=level), make_batch([0, 1, 2], videos=3)
        with torch.autocast("cpu", torch.bfloat16):
            found = loss(make_output(*tracks, 3), batch)
        torch.testing.assert_close(found.double(), loss(make_output(*exact, 3), batch), rtol=1e-5, atol=0)

    def test_a_stand_in_question_adds_nothing(self, level, make_tracks, make_output, make_batch):
        batch = make_batch([1], videos=3, weight=[0.0], total=4)
        assert CCA(ridge=0.1, level=level)(make_output(*make_tracks(), 1), batch) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ridge": 0.0}, r"loss\.cca\.ridge is 0\.0, expected a finite number above 0"),
        ({"ridge": float("nan")}, r"loss\.cca\.ridge is nan"),
        ({"level": "video"}, r"loss\.cca\.level is 'video', expected one of clip, frame"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        CCA(**{"ridge": 0.1, "level": "clip", **change})
