import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from avqa_lit.report.album import Album
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.correlation import correlations, critical_value, spearman
from avqa_lit.report.grids import categories_over_runs

VALUES = st.lists(st.integers(0, 5), min_size=3, max_size=11)


@given(
    st.integers(3, 11).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 5), min_size=n, max_size=n)] * 2)
    )
)
@settings(deadline=None, max_examples=60)
def test_rank_correlation_is_scipys(pair):
    left, right = pair
    if len(set(left)) == 1 or len(set(right)) == 1:
        assert math.isnan(spearman(left, right))
    else:
        assert spearman(left, right) == pytest.approx(stats.spearmanr(left, right).statistic, abs=1e-12)


def test_the_critical_value_is_where_the_t_test_turns():
    t = critical_value(23) * math.sqrt(21 / (1 - critical_value(23) ** 2))
    assert 2 * stats.t.sf(t, 21) == pytest.approx(0.05)


def trained(fake, runs):
    sweep = fake()
    for number in range(runs):
        marks = sweep.rng.random(len(sweep.categories)) < 0.3 + number / 50
        temporal = sweep.categories == "audio_visual/temporal"
        marks[temporal] = np.arange(temporal.sum()) >= number
        sweep.add(f"r{number}", weight=number / 10, marks=marks, predictions="without")
    (test_set,) = sets_of(collect([sweep.write()]).results)
    return test_set


def test_a_category_that_falls_as_the_others_rise_correlates_below_zero(fake):
    found = correlations(trained(fake, 13))
    assert found.runs == 13
    assert found.with_rest[8] < -found.critical
    grid = found.heat_map()
    assert len(grid.row_names) == len(grid.column_names) == 9
    assert grid.row_names[-1] == "the others"
    assert all(shade is None for shade in grid.shades[0][1:])
    assert grid.shades[-1] == found.with_rest.tolist()


def test_few_runs_have_no_correlations_and_one_sentence_says_so(fake):
    test_set = trained(fake, 9)
    assert correlations(test_set) is None
    html = categories_over_runs(test_set, Album())
    assert "at least 10 trained runs on the same questions, and there are 9." in html
