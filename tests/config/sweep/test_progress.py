import pytest

from avqa_lit.config.sweep.progress import time_left


def test_nothing_known_gives_no_time():
    assert time_left(ended=[], running=[(3, None)], waiting=2) is None


@pytest.mark.parametrize(
    ("ended", "running", "waiting", "expected"),
    [
        ([10], [(4, None)], 0, 6),
        ([10], [(14, None)], 0, 0),
        ([], [(4, 6), (4, None)], 3, (6 + 6 + 3 * 10) / 2),
        ([10], [(0, 50), (9, 1)], 0, 50),  # no shorter than the longest job
        ([10, 20], [], 0, 0),
    ],
)
def test_the_time_of_the_whole(ended, running, waiting, expected):
    assert time_left(ended=ended, running=running, waiting=waiting) == expected
