import numpy as np
import pytest
from scipy import stats

from avqa_lit.analysis.intervals import bootstrap_mean
from avqa_lit.analysis.leaderboard import System, paired_differences, ranked, resampled_by_video


def systems(*, questions=601, skills=(0.5, 0.7), videos=97, seed=3):
    """Marks of systems of several skills on questions whose difficulty their video decides."""
    random = np.random.default_rng(seed)
    video = random.integers(videos, size=questions)
    difficulty = random.random(videos)[video] + 0.1 * random.standard_normal(questions)
    return [System(f"s{skill}", (difficulty < skill).astype(float)) for skill in skills], video


def test_resamples_of_videos_are_those_of_scipy():
    (one, other), video = systems()
    means = resampled_by_video(one.marks - other.marks, video, seed=0, resamples=10_000)
    sums, sizes = np.bincount(video, weights=one.marks - other.marks), np.bincount(video)
    expected = stats.bootstrap(
        (sums, sizes),
        lambda sums, sizes, axis: sums.sum(axis=axis) / sizes.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        rng=np.random.default_rng(1),
    )
    low, high = np.quantile(means, [0.025, 0.975])
    assert (low, high) == pytest.approx(tuple(expected.confidence_interval), abs=0.004)
    assert means.std() == pytest.approx(expected.standard_error, rel=0.05)


def test_questions_repeated_within_their_video_add_no_certainty():
    (one, other), video = systems()
    values = one.marks - other.marks
    once = resampled_by_video(values, video, seed=5, resamples=500)
    thrice = resampled_by_video(np.tile(values, 3), np.tile(video, 3), seed=5, resamples=500)
    np.testing.assert_allclose(once, thrice, rtol=0, atol=1e-12)


def test_with_one_question_a_video_it_is_the_bootstrap_over_questions():
    (one, other), _ = systems()
    (difference,) = paired_differences([one, other], np.arange(len(one.marks)))
    expected = bootstrap_mean(other.marks - one.marks)
    for bound in ("estimate", "low", "high"):
        assert getattr(difference.interval, bound) == pytest.approx(getattr(expected, bound), abs=1e-12)


def test_every_pair_stands_once_with_the_better_first():
    rows, video = systems(skills=(0.5, 0.8, 0.6))
    assert [one.name for one in ranked(rows)] == ["s0.8", "s0.6", "s0.5"]
    found = paired_differences(rows, video)
    assert [(one.better, one.other) for one in found] == [
        ("s0.8", "s0.6"),
        ("s0.8", "s0.5"),
        ("s0.6", "s0.5"),
    ]
    assert all(one.interval.estimate > 0 for one in found)


def test_p_values_are_adjusted_over_all_pairs():
    rows, video = systems(skills=(0.5, 0.9), questions=401)
    (alone,) = paired_differences(rows, video)
    among = paired_differences([*rows, System("twin", rows[0].marks)], video)
    assert alone.p == pytest.approx(2 / 10_001)
    assert [round(one.p * 10_001 / 2, 6) for one in among[:2]] == [3, 3]
    assert among[2].p == 1


def test_equal_systems_differ_by_nothing():
    (one, _), video = systems()
    (difference,) = paired_differences([one, System("twin", one.marks)], video)
    assert (difference.interval.estimate, difference.interval.low, difference.interval.high) == (0, 0, 0)
    assert difference.p == 1


def test_a_seed_gives_the_same_interval_again():
    rows, video = systems()
    assert paired_differences(rows, video) == paired_differences(rows, video)
    assert paired_differences(rows, video) != paired_differences(rows, video, seed=1)
