from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from avqa_lit.batch import Track
from avqa_lit.errors import ConfigError
from avqa_lit.losses.soft_dtw import SoftDTW, soft_dtw, soft_dtw_divergence, track_divergence

COSTS = {
    "squared_euclidean": lambda x, y: cdist(x, y, "sqeuclidean"),
    "cosine": lambda x, y: cdist(x, y, "cosine"),
}
OPTIONS = {"gamma": 0.1, "cost": "cosine", "seconds_weight": 0.0}


def sums_along_alignments(cost):
    """Sum of the costs along every alignment there is, by brute force."""

    def walk(i, j):
        if i < 0 or j < 0:
            return []
        before = walk(i - 1, j) + walk(i, j - 1) + walk(i - 1, j - 1) if i or j else [0.0]
        return [cost[i, j] + one for one in before]

    return walk(cost.shape[0] - 1, cost.shape[1] - 1)


def slow_soft_dtw(cost, gamma):
    """The recursion of Cuturi and Blondel (2017), one cell at a time."""

    @cache
    def value(i, j):
        if i < 0 or j < 0:
            return 0.0 if i == j == -1 else np.inf
        before = np.array([value(i - 1, j), value(i, j - 1), value(i - 1, j - 1)])
        return cost[i, j] - gamma * logsumexp(-before / gamma)

    return value(cost.shape[0] - 1, cost.shape[1] - 1)


def slow_divergence(x, y, gamma, cost):
    values = [slow_soft_dtw(COSTS[cost](a, b), gamma) for a, b in ((x, y), (x, x), (y, y))]
    return values[0] - (values[1] + values[2]) / 2


def random_costs(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def lengths(*numbers):
    return torch.tensor(numbers)


@pytest.mark.parametrize("gamma", [0.05, 1.0, 20.0])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 5), (4, 1), (3, 5), (5, 4)])
def test_it_is_the_soft_minimum_over_every_alignment(first, second, gamma):
    cost = random_costs(1, first, second)
    sums = np.array(sums_along_alignments(cost[0].numpy()))
    found = soft_dtw(cost, lengths(first), lengths(second), gamma=gamma)
    np.testing.assert_allclose(found, -gamma * logsumexp(-sums / gamma), rtol=1e-12)
    np.testing.assert_allclose(found, slow_soft_dtw(cost[0].numpy(), gamma), rtol=1e-12)


def test_every_series_has_its_own_lengths_and_what_lies_beyond_is_not_read():
    sizes = [(13, 7), (1, 7), (13, 1), (11, 3), (1, 1), (2, 5)]
    cost = random_costs(6, 13, 7)
    for series, (first, second) in enumerate(sizes):
        cost[series, first:] = -1e3
        cost[series, :, second:] = 1e6
    cost.requires_grad_()
    first, second = (lengths(*one) for one in zip(*sizes, strict=True))
    found = soft_dtw(cost, first, second, gamma=0.3)
    expected = [
        slow_soft_dtw(one[:n, :m], 0.3) for one, (n, m) in zip(cost.detach().numpy(), sizes, strict=True)
    ]
    np.testing.assert_allclose(found.detach(), expected, rtol=1e-12)
    found.sum().backward()
    for series, (n, m) in enumerate(sizes):
        assert cost.grad[series, n:].eq(0).all()
        assert cost.grad[series, :, m:].eq(0).all()
        # Each alignment passes the two corners, and every row of both series at least once.
        through = cost.grad[series, :n, :m]
        np.testing.assert_allclose([through[0, 0], through[-1, -1]], 1.0)
        assert through.sum(0).min() > 1 - 1e-9
        assert through.sum(1).min() > 1 - 1e-9


@settings(deadline=None)
@given(first=st.integers(1, 5), second=st.integers(1, 5), gamma=st.floats(1e-3, 10), seed=st.integers(0, 99))
def test_it_lies_below_the_minimum_by_at_most_the_logarithm_of_the_alignments(first, second, gamma, seed):
    cost = random_costs(1, first, second, seed=seed)
    sums = sums_along_alignments(cost[0].numpy())
    found = soft_dtw(cost, lengths(first), lengths(second), gamma=gamma).item()
    assert min(sums) - gamma * np.log(len(sums)) - 1e-9 <= found <= min(sums) + 1e-9
    turned = soft_dtw(cost.flip(1, 2), lengths(first), lengths(second), gamma=gamma)
    swapped = soft_dtw(cost.transpose(1, 2), lengths(second), lengths(first), gamma=gamma)
    assert turned.item() == pytest.approx(found) == swapped.item()


@pytest.mark.parametrize("gamma", [0.1, 2.0])
def test_gradients_are_those_of_finite_differences(gamma):
    cost = random_costs(4, 5, 3).requires_grad_()
    sizes = (lengths(5, 1, 4, 2), lengths(3, 3, 1, 2))
    assert torch.autograd.gradcheck(lambda one: soft_dtw(one, *sizes, gamma=gamma), cost)


def test_costs_that_differ_by_many_orders_leave_value_and_gradient_finite():
    cost = (random_costs(2, 7, 5) * 1e6).requires_grad_()
    value = soft_dtw(cost, lengths(7, 5), lengths(5, 3), gamma=1e-3)
    value.sum().backward()
    assert value.isfinite().all()
    assert cost.grad.isfinite().all()
    np.testing.assert_allclose(value[0].item(), min(sums_along_alignments(cost[0].detach().numpy())))


@pytest.mark.parametrize("gamma", [0.1, 3.0])
def test_the_divergence_equals_slow_loops(gamma):
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(3, time, 5, generator=generator, dtype=torch.float64) for time in (11, 7))
    sizes = [(11, 7), (1, 4), (6, 1)]
    found = soft_dtw_divergence(x, y, *(lengths(*one) for one in zip(*sizes, strict=True)), gamma=gamma)
    expected = [
        slow_divergence(x[series, :n].numpy(), y[series, :m].numpy(), gamma, "squared_euclidean")
        for series, (n, m) in enumerate(sizes)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("cost", COSTS)
class TestOfTracks:
    def test_it_equals_slow_loops_over_real_rows(self, cost, make_tracks):
        audio, visual = make_tracks(padding=3, rubbish=1e6)
        found = track_divergence(audio, visual, gamma=0.2, cost=cost, seconds_weight=0.0)
        for video in range(3):
            x, y = (t.values[video][t.mask[video]].numpy() for t in (audio, visual))
            expected = slow_divergence(x, y, 0.2, cost) / np.mean([len(x), len(y)])
            np.testing.assert_allclose(found[video], expected, rtol=1e-9)

    def test_equal_tracks_differ_by_nothing_and_are_a_least(self, cost, make_tracks):
        audio, _ = make_tracks()
        other = Track(audio.values.clone().requires_grad_(), audio.mask, audio.seconds)
        value = track_divergence(audio, other, gamma=0.3, cost=cost, seconds_weight=0.0)
        value.sum().backward()
        np.testing.assert_allclose(value.detach(), 0, atol=1e-12)
        np.testing.assert_allclose(other.values.grad, 0, atol=1e-12)
        for seed in range(3):
            noise = torch.randn(audio.values.shape, generator=torch.Generator().manual_seed(seed))
            moved = Track(audio.values + 0.1 * noise, audio.mask, audio.seconds)
            assert track_divergence(audio, moved, gamma=0.3, cost=cost, seconds_weight=0.0).min() > 0

    def test_neither_modality_comes_first(self, cost, make_tracks):
        audio, visual = make_tracks()
        options = {"gamma": 0.3, "cost": cost, "seconds_weight": 0.1}
        torch.testing.assert_close(
            track_divergence(audio, visual, **options), track_divergence(visual, audio, **options)
        )

    def test_time_stamps_decide_the_order_and_not_the_rows(self, cost, make_tracks):
        audio, visual = make_tracks(padding=2)
        order = torch.randperm(audio.mask.shape[1], generator=torch.Generator().manual_seed(3))
        mixed = Track(audio.values[:, order], audio.mask[:, order], audio.seconds[:, order])
        options = {"gamma": 0.3, "cost": cost, "seconds_weight": 0.5}
        torch.testing.assert_close(
            track_divergence(mixed, visual, **options), track_divergence(audio, visual, **options)
        )

    def test_a_weight_on_seconds_keeps_matched_moments_near_in_time(self, cost, make_track):
        audio = make_track((7,), rate=1.0, seed=1)
        late = Track(audio.values, audio.mask, audio.seconds + 2.0)
        values = [
            track_divergence(audio, late, gamma=1e-3, cost=cost, seconds_weight=one).item()
            for one in (0.0, 0.25)
        ]
        np.testing.assert_allclose(values[0], 0, atol=1e-9)
        assert 0.1 < values[1] <= 0.25 * 2**2 + 1e-9

    def test_a_video_without_a_row_has_nothing_to_compare(self, cost, make_track):
        audio, visual = make_track((3, 2), rate=1.0, seed=1), make_track((0, 2), rate=1.0, seed=2)
        audio.values.requires_grad_()
        value = track_divergence(audio, visual, gamma=0.3, cost=cost, seconds_weight=0.0)
        value.sum().backward()
        assert value[0] == 0
        assert audio.values.grad[0].eq(0).all()
        assert audio.values.grad[1].ne(0).any()

    def test_gradients_are_those_of_finite_differences(self, cost, make_tracks):
        audio, visual = make_tracks(padding=1)

        def values(a, v):
            tracks = (Track(a, audio.mask, audio.seconds), Track(v, visual.mask, visual.seconds))
            return track_divergence(*tracks, gamma=0.5, cost=cost, seconds_weight=0.1)

        inputs = [t.values.clone().requires_grad_() for t in (audio, visual)]
        assert torch.autograd.gradcheck(values, inputs, fast_mode=True)

    def test_half_precision_is_computed_in_single_precision(self, cost, make_tracks):
        tracks = [Track(t.values.bfloat16(), t.mask, t.seconds.float()) for t in make_tracks()]
        exact = [Track(t.values.double(), t.mask, t.seconds.double()) for t in tracks]
        options = {"gamma": 0.3, "cost": cost, "seconds_weight": 0.1}
        with torch.autocast("cpu", torch.bfloat16):
            found = track_divergence(*tracks, **options)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), track_divergence(*exact, **options), rtol=1e-4, atol=1e-6)

    def test_zero_vectors_leave_value_and_gradient_finite(self, cost, make_tracks):
        audio, visual = make_tracks()
        audio.values[:] = 0
        audio.values.requires_grad_()
        value = track_divergence(audio, visual, gamma=0.1, cost=cost, seconds_weight=0.0)
        value.sum().backward()
        assert value.isfinite().all()
        assert audio.values.grad.isfinite().all()


def test_the_mean_is_over_questions_however_they_are_split(make_tracks, make_output, make_batch):
    tracks = make_tracks()
    loss, video = SoftDTW(**OPTIONS), [0, 0, 0, 1, 2, 2, 1]
    whole = loss(make_output(*tracks, 7), make_batch(video, videos=3))
    torch.testing.assert_close(whole, track_divergence(*tracks, **OPTIONS)[video].mean())
    parts = [
        loss(make_output(*tracks, len(part)), make_batch(part, videos=3, total=7))
        for part in (video[:3], video[3:])
    ]
    torch.testing.assert_close(sum(parts), whole)


def test_a_stand_in_question_adds_nothing(make_tracks, make_output, make_batch):
    batch = make_batch([1], videos=3, weight=[0.0], total=4)
    assert SoftDTW(**OPTIONS)(make_output(*make_tracks(), 1), batch) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 0}, r"loss\.soft_dtw\.gamma is 0, expected a finite number above 0"),
        ({"gamma": None}, r"loss\.soft_dtw\.gamma is None"),
        ({"cost": "manhattan"}, r"loss\.soft_dtw\.cost is 'manhattan', expected one of squared_euclidean"),
        ({"seconds_weight": -1}, r"loss\.soft_dtw\.seconds_weight is -1, expected a finite number, 0"),
    ],
)  # fmt: skip
def test_an_option_that_does_not_exist_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        SoftDTW(**{**OPTIONS, **change})
