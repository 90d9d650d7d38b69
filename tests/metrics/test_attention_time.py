import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.artifacts.attention import Attention, TrackAttention
from avqa_lit.metrics.attention_time import AttentionOverTime, attention_lines, attention_over_time

NAN = np.nan


def attention(audio, visual, *, audio_step=0.96, visual_step=3.0):
    audio, visual = np.array(audio, np.float16), np.array(visual, np.float16)
    return Attention(
        np.arange(len(audio)),
        {
            name: TrackAttention(shares, (np.arange(shares.shape[1]) * step).astype(np.float32))
            for name, shares, step in (("audio", audio, audio_step), ("visual", visual, visual_step))
        },
    )


def test_rows_beyond_the_end_are_left_out_and_the_last_row_has_an_end():
    told = attention_over_time(attention([[0.25, 0.5, NAN]], [[0.25, 0.0]]), 0)
    assert told["audio"].shares.tolist() == [0.25, 0.5]
    np.testing.assert_allclose(told["audio"].edges, [0, 0.96, 1.92], rtol=1e-6)
    assert told["audio"].peak == pytest.approx((0.96, 1.92))
    assert (told["audio"].total, told["visual"].total) == (0.75, 0.25)


def test_a_track_without_columns_is_left_out():
    assert list(attention_over_time(attention([[1.0]], np.zeros((1, 0))), 0)) == ["audio"]
    assert attention_over_time(attention(np.zeros((1, 0)), np.zeros((1, 0))), 0) == {}


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=7), st.floats(0.1, 5), st.floats(0, 9), st.integers(1, 11)
)
def test_no_share_is_lost_between_other_edges(shares, step, start, bins):
    edges = start + step * np.arange(len(shares) + 1)
    track = AttentionOverTime(np.array(shares), edges)
    parts = track.between(np.linspace(edges[0] - 1, edges[-1] + 1, bins + 1))
    assert parts.sum() == pytest.approx(sum(shares), abs=1e-9)
    assert track.between(edges) == pytest.approx(shares, abs=1e-9)


def test_lines_share_their_seconds_and_show_the_peak():
    lines = attention_lines(
        attention_over_time(attention([[0.0, 0.5]], [[0.5]], audio_step=2.0), 0), width=60
    )
    assert lines[0] == "audio   ▁▁██  50% of the attention, most at 2.0 to 4.0 s"
    assert lines[1] == "visual  █▁▁▁  50% of the attention, most at 0.0 to 1.0 s"
    assert lines[2].strip() == "from 0.0 to 4.0 s"


def test_long_videos_fit_the_width():
    track = AttentionOverTime(np.full(100, 0.01), np.arange(101.0))
    assert attention_lines({"audio": track}, width=7)[0].startswith("audio  ███████  100%")
    assert attention_lines({}, width=7) == []
