import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from avqa_lit.report.collect import collect
from avqa_lit.report.columns import OVERALL, columns_of
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.significance import bootstrap_p, differences, paired_t_p
from avqa_lit.taxonomy import MUSIC_AVQA

AUDIO = next(one for one in columns_of(MUSIC_AVQA) if one.metric == "acc/audio/avg")
EVERY = next(one for one in columns_of(MUSIC_AVQA) if one.metric == OVERALL)


@given(st.lists(st.floats(-1, 1, width=16), min_size=2, max_size=11).filter(lambda one: len(set(one)) > 1))
@settings(deadline=None, max_examples=60)
def test_the_t_test_over_seeds_is_scipys(values):
    assert paired_t_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=1e-9)


def test_equal_differences_of_all_seeds_are_no_chance():
    assert (paired_t_p([0.25, 0.25, 0.25]), paired_t_p([0.0, 0.0])) == (0.0, 1.0)


def test_the_bootstrap_agrees_with_the_t_test_on_many_questions():
    values = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], size=1201, p=[0.13, 0.7, 0.17])
    assert bootstrap_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)
    assert bootstrap_p(-values) == pytest.approx(bootstrap_p(values), abs=0.01)
    assert bootstrap_p(np.zeros(17)) == 1.0


def compared(fake_sweep, column, *, others, seeds=3, **add):
    for seed in range(seeds):
        fake_sweep.add(f"none{seed}", skill=0.6, seed=seed, weight=0.0, **add)
        for number, skill in enumerate(others, start=1):
            fake_sweep.add(f"w{number}_{seed}", skill=skill, seed=seed, weight=0.1 * number, **add)
    (tests,) = sets_of(collect([fake_sweep.folder]).results)
    return differences(tests.configurations[0], tests.configurations[1:], column)


def test_a_real_difference_is_told_from_luck(fake):
    same, better = compared(fake(), EVERY, others=[0.6, 0.8])
    assert not same.is_significant
    assert better.is_significant
    assert better.value == pytest.approx(0.2, abs=0.06)


def test_a_column_looks_at_its_own_questions(fake):
    sweep = fake()
    heard = np.isin(sweep.categories, AUDIO.categories)
    wrong = []
    for seed in range(3):
        none = sweep.marks(0.5)
        wrong.append(1 - none[heard].mean())
        sweep.add(f"a{seed}", marks=none, seed=seed, weight=0.0)
        sweep.add(f"b{seed}", marks=np.where(heard, True, none), seed=seed, weight=0.1)
    (tests,) = sets_of(collect([sweep.folder]).results)
    (on_audio,) = differences(tests.configurations[0], tests.configurations[1:], AUDIO)
    assert on_audio.is_significant
    assert on_audio.value == pytest.approx(np.mean(wrong))


def test_runs_without_predictions_have_no_p_value(fake):
    (other,) = compared(fake(), EVERY, others=[0.8], predictions="without")
    assert other.p is None
    assert not other.is_significant
