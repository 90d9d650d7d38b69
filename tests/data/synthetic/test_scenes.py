import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.data.synthetic.scenes import SEATS, Sound, simulate

SCENES = [simulate(0, number) for number in range(1000)]


def share(claims):
    return float(np.mean(list(claims)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), number=st.integers(0, 10**6))
def test_a_scene_is_possible_and_depends_on_seed_and_number_alone(seed, number):
    scene = simulate(seed, number)
    assert scene == simulate(seed, number)
    assert 16.0 <= scene.duration <= 24.0
    places = [performer.place for performer in scene.performers]
    seats = [list(SEATS).index(performer.seat) for performer in scene.performers]
    assert places == sorted(places)
    assert seats == sorted(set(seats))
    assert not {scene.offscreen and scene.offscreen.instrument} & {one.instrument for one in scene.performers}
    for sound in scene.sounds:
        edges = [edge for interval in sound.intervals for edge in interval]
        assert edges == sorted(edges)
        assert edges[0] >= 0.0
        assert edges[-1] <= scene.duration
        assert sound.seconds >= 1.5


def test_other_seeds_and_numbers_give_other_scenes():
    assert len({simulate(0, 1), simulate(1, 0), simulate(0, 0), simulate(1, 1)}) == 4


def test_half_of_the_shown_sound_and_a_fifth_of_scenes_has_more():
    assert 0.46 <= share(one.sound is not None for scene in SCENES for one in scene.performers) <= 0.56
    assert 0.17 <= share(scene.offscreen is not None for scene in SCENES) <= 0.24
    assert 0.45 <= share(scene.outdoor for scene in SCENES) <= 0.55


def test_seconds_and_share_leave_pauses_out():
    sound = Sound("cello", ((1.0, 3.0), (7.0, 10.0)), loudness=0.5, rhythm=2.0)
    assert (sound.onset, sound.offset, sound.seconds) == (1.0, 10.0, 5.0)
    assert sound.share(2.0, 8.0) == 2.0 / 6.0
