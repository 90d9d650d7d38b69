import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.data.other_videos import other_clips


@given(
    steps=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=30),
    place=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
def test_the_other_of_a_clip_is_a_clip_of_the_step_that_shows_something_else(steps, place):
    visual = np.array([seen for seen, _ in steps])
    clips = np.array([3 * seen + sound for seen, sound in steps])
    found = other_clips(clips, visual, place=place)
    if len(set(visual)) == 1:
        assert found == {}
        return
    shown = dict(zip(clips.tolist(), visual.tolist(), strict=True))
    assert set(found) == set(clips)
    assert all(shown[clip] != shown[other] for clip, other in found.items())
    successors = {shown[clip]: shown[other] for clip, other in found.items()}
    assert sorted(successors.values()) == sorted(set(visual))


def test_the_choice_depends_on_the_place_and_on_nothing_else():
    clips = np.arange(31)
    choices = [tuple(other_clips(clips, clips, place=(0, step)).values()) for step in range(7)]
    assert len(set(choices)) == 7
    assert choices[3] == tuple(other_clips(clips, clips, place=(0, 3)).values())
