import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from avqa_lit.analysis.intervals import Interval, bootstrap_mean, newcombe, t_interval, t_quantile, wilson


@given(total=st.integers(1, 10_000), share=st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_wilson_is_scipys(total, share):
    correct = round(share * total)
    expected = stats.binomtest(correct, total).proportion_ci(0.95, method="wilson")
    interval = wilson(correct, total)
    assert interval.estimate == correct / total
    assert interval.low == pytest.approx(expected.low, abs=1e-9)
    assert interval.high == pytest.approx(expected.high, abs=1e-9)


def test_newcombe_gives_the_papers_example():
    # Newcombe (1998), Table II, column (a): 56/70 against 48/80, method 10.
    interval = newcombe(wilson(56, 70), wilson(48, 80))
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 7, 10, 29, 30, 101])
def test_t_quantile_is_scipys(freedom):
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=11))
@settings(deadline=None, max_examples=60)
def test_t_interval_is_scipys(values):
    interval = t_interval(values)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    expected = stats.t.ppf(0.975, len(values) - 1) * error
    assert interval.estimate == pytest.approx(np.mean(values), abs=1e-12)
    assert interval.half_width == pytest.approx(expected, abs=1e-9)


def test_bootstrap_agrees_with_drawing_questions_one_by_one():
    rng = np.random.default_rng(3)
    values = rng.choice([-1.0, 0.0, 1.0], size=397, p=[0.1, 0.7, 0.2])
    means = rng.choice(values, size=(4001, 397)).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    interval = bootstrap_mean(values)
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.low == pytest.approx(low, abs=0.006)
    assert interval.high == pytest.approx(high, abs=0.006)
    assert bootstrap_mean(values) == interval


@pytest.mark.parametrize(
    ("low", "high", "sign"), [(0.1, 0.3, 1), (-0.3, -0.1, -1), (-0.1, 0.3, 0), (0.0, 0.3, 0), (0.0, 0.0, 0)]
)
def test_only_an_interval_without_zero_has_a_sign(low, high, sign):
    assert Interval((low + high) / 2, low, high).sign == sign
