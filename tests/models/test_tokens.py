import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.batch import Seats


@given(st.lists(st.integers(0, 6), min_size=1, max_size=17))
@settings(deadline=None)
def test_spread_rows_stand_beside_their_video_and_come_back(asked):
    video = torch.tensor(asked)
    counts = video.bincount(minlength=7)
    order = video.argsort(stable=True)
    slots = torch.empty_like(video)
    slots[order] = torch.cat([torch.arange(int(one)) for one in counts])
    seats = Seats(7, int(counts.max()), video * int(counts.max()) + slots)
    rows = torch.randn(len(asked), 2, 3)
    spread = seats.spread(rows)
    assert spread.shape == (7, 2 * counts.max(), 3)
    assert torch.equal(seats.collect(spread), rows)
    for place, one in enumerate(asked):
        assert (spread[one].unfold(0, 2, 2).transpose(1, 2) == rows[place]).all(dim=(1, 2)).any()
    assert spread.abs().sum() == pytest.approx(rows.abs().sum())


def test_seats_follow_the_questions_of_a_batch(batch):
    seats = Seats.of(batch.video, videos=4)
    assert (seats.videos, seats.each) == (4, 3)
    assert seats.seat.tolist() == [0, 3, 4, 9, 6, 10, 1, 7, 5]
