import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.batch import Track
from avqa_lit.models.frames import evenly_spaced_rows, nearest_rows, take_rows


def track(lengths, *, rate=1.0, start=0.0, time=None):
    time = time or max(lengths)
    mask = torch.arange(time) < torch.tensor(lengths)[:, None]
    seconds = torch.where(mask, start + rate * torch.arange(time), 0.0)
    return Track(torch.arange(len(lengths) * time * 3.0).reshape(-1, time, 3), mask, seconds)


def test_of_sixty_rows_ten_frames_are_every_sixth():
    assert evenly_spaced_rows(track([60]).mask, frames=10).tolist() == [list(range(0, 60, 6))]


@given(lengths=st.lists(st.integers(1, 23), min_size=1, max_size=5), frames=st.integers(1, 13))
def test_rows_divide_each_videos_own_length(lengths, frames):
    rows = evenly_spaced_rows(track(lengths, time=29).mask, frames=frames)
    assert rows.tolist() == [[i * length // frames for i in range(frames)] for length in lengths]


def test_a_row_that_is_not_real_is_never_taken():
    mask = torch.tensor([[False, True, True, False, True, False]])
    assert evenly_spaced_rows(mask, frames=3).tolist() == [[1, 2, 4]]
    moments = torch.tensor([[0.0, 2.9, 9.0]])
    heard = Track(torch.zeros(1, 6, 2), mask, torch.arange(6.0)[None])
    assert nearest_rows(heard, moments).tolist() == [[1, 2, 4]]


@given(
    lengths=st.tuples(*[st.integers(1, 19)] * 3),
    rate=st.sampled_from([0.25, 0.96, 1.5]),
    seed=st.integers(0, 9),
)
def test_the_nearest_row_is_found_by_looking_at_all(lengths, rate, seed):
    heard = track(lengths, rate=rate, start=0.3, time=23)
    moments = torch.rand(3, 5, generator=torch.Generator().manual_seed(seed)) * 30
    rows = nearest_rows(heard, moments)
    for video, length in enumerate(lengths):
        stamps = np.float32(0.3) + np.float32(rate) * np.arange(length, dtype=np.float32)
        for frame in range(5):
            distance = np.abs(stamps - moments[video, frame].numpy())
            assert distance[rows[video, frame]] == pytest.approx(distance.min(), abs=1e-5)


def test_of_two_rows_as_near_the_earlier_is_taken():
    assert nearest_rows(track([4]), torch.tensor([[0.5, 2.5]])).tolist() == [[0, 2]]


def test_tracks_of_one_rate_give_the_same_rows():
    seen = track([17, 7])
    rows = evenly_spaced_rows(seen.mask, frames=5)
    assert torch.equal(nearest_rows(seen, take_rows(seen, rows).seconds), rows)


def test_rows_are_taken_with_their_time_and_mask():
    taken = take_rows(track([4, 2], rate=0.5), torch.tensor([[3, 0, 0], [1, 1, 2]]))
    assert taken.values[0, 0].tolist() == [9, 10, 11]
    assert taken.values[1, 1].tolist() == [15, 16, 17]
    assert taken.seconds.tolist() == [[1.5, 0, 0], [0.5, 0.5, 0]]
    assert taken.mask.tolist() == [[True, True, True], [True, True, False]]


def test_a_track_whose_rows_are_all_taken_in_order_is_not_copied():
    whole = track([4, 2])
    in_order = torch.arange(4).expand(2, -1)
    assert take_rows(whole, in_order) is whole
    turned = take_rows(whole, in_order.flip(0, 1))
    assert torch.equal(turned.values, whole.values.flip(1))
