import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.batch import Track
from avqa_lit.losses.common_time import on_common_time


def one_track(seconds, values, *, padding=0):
    """A track of one video, with rows of rubbish behind it."""
    width = torch.as_tensor(values).shape[-1]
    return Track(
        torch.cat([torch.as_tensor(values, dtype=torch.float64), torch.full((padding, width), 1e6)])[None],
        torch.tensor([[True] * len(seconds) + [False] * padding]),
        torch.tensor([[*seconds, *[0.0] * padding]], dtype=torch.float64),
    )


@settings(deadline=None)
@given(
    rows=st.tuples(st.integers(1, 11), st.integers(1, 11)),
    rates=st.tuples(st.sampled_from([0.2, 0.96, 1.0]), st.sampled_from([0.2, 0.96, 1.0])),
    starts=st.tuples(st.sampled_from([0.0, 0.5, 3.0]), st.sampled_from([0.0, 0.5, 3.0])),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_values_are_those_of_numpy_interpolation_at_the_coarser_tracks_stamps(rows, rates, starts, padding):
    generator = np.random.default_rng(0)
    stamps = [start + rate * np.arange(n) for start, rate, n in zip(starts, rates, rows, strict=True)]
    values = [generator.normal(size=(n, 2)) for n in rows]
    tracks = [one_track(s, v, padding=p) for s, v, p in zip(stamps, values, padding, strict=True)]

    spacing = [(s[-1] - s[0]) / (len(s) - 1) if len(s) > 1 else np.inf for s in stamps]
    coarse = min((0, 1), key=lambda i: (-spacing[i], stamps[i][0]))
    low, high = max(s[0] for s in stamps), min(s[-1] for s in stamps)
    moments = [t for t in stamps[coarse] if low <= t <= high]

    first, second, shared = on_common_time(*tracks)
    for found, s, v in zip((first, second), stamps, values, strict=True):
        expected = np.stack([np.interp(moments, s, v[:, d]) for d in range(2)], axis=-1)
        np.testing.assert_allclose(found[shared], expected, atol=1e-12)

    swapped_second, swapped_first, swapped_shared = on_common_time(*reversed(tracks))
    torch.testing.assert_close(swapped_first[swapped_shared], first[shared], rtol=0, atol=1e-12)
    torch.testing.assert_close(swapped_second[swapped_shared], second[shared], rtol=0, atol=1e-12)


def test_equal_stamps_keep_both_tracks_as_they_are():
    values = torch.randn(5, 3, dtype=torch.float64)
    seconds = [0.96 * row for row in range(5)]
    first, second, shared = on_common_time(one_track(seconds, values), one_track(seconds, -values, padding=2))
    assert torch.equal(first[shared], values)
    assert torch.equal(second[shared], -values)


def test_tracks_that_do_not_meet_in_time_share_no_moment():
    early, late = one_track([0.0, 1.0], torch.randn(2, 3)), one_track([5.0, 6.0, 7.0], torch.randn(3, 3))
    assert not on_common_time(early, late)[2].any()


def test_a_track_without_rows_shares_no_moment():
    full, empty = one_track([0.0, 1.0], torch.randn(2, 3)), one_track([], torch.zeros(0, 3), padding=3)
    for pair in ((full, empty), (empty, full), (empty, empty)):
        first, second, shared = on_common_time(*pair)
        assert not shared.any()
        assert first.isfinite().all()
        assert second.isfinite().all()


def test_a_masked_row_in_the_middle_is_bridged():
    coarse = one_track([0.0, 1.0, 2.0], [[0.0], [0.0], [0.0]])
    gap = Track(
        torch.tensor([[[0.0], [99.0], [4.0]]], dtype=torch.float64),
        torch.tensor([[True, False, True]]),
        torch.tensor([[0.0, 1.0, 2.0]], dtype=torch.float64),
    )
    dense = one_track([0.0, 0.5, 1.0, 1.5, 2.0], [[0.0], [1.0], [2.0], [3.0], [4.0]])
    values, _, shared = on_common_time(gap, dense)
    assert values[shared].flatten().tolist() == [0.0, 4.0]
    first, second, shared = on_common_time(coarse, dense)
    assert second[shared].flatten().tolist() == [0.0, 2.0, 4.0]
    assert shared.sum() == 3
    assert first[shared].flatten().tolist() == [0.0, 0.0, 0.0]


def test_maps_are_interpolated_like_vectors():
    values = torch.randn(4, 2, 3, dtype=torch.float64)
    stamps = torch.arange(4.0)[None]
    maps = Track(values[None], torch.ones(1, 4, dtype=torch.bool), stamps)
    halves = one_track([0.0, 1.5, 3.0], torch.zeros(3, 1))
    found, _, shared = on_common_time(maps, halves)
    torch.testing.assert_close(found[shared][1], (values[1] + values[2]) / 2)
