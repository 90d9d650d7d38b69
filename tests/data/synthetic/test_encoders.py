from dataclasses import replace

import numpy as np
import pytest

from avqa_lit.data.synthetic.encoders import AUDIO_DIM, PATCHES, VISUAL_DIM, hear, see
from avqa_lit.data.synthetic.scenes import Performer, Scene, Sound

CELLO = Sound("cello", ((0.0, 19.5),), loudness=0.8, rhythm=3.0)
SCENE = Scene(
    duration=19.5,
    performers=(Performer("cello", "left", 0.15, CELLO), Performer("drum", "right", 0.85, None)),
    offscreen=None,
    speech=(2.0, 7.0),
    speaker=None,
    outdoor=False,
)
SILENT = tuple(replace(performer, sound=None) for performer in SCENE.performers)
SWAPPED = (Performer("drum", "left", 0.15, None), Performer("cello", "right", 0.85, CELLO))


def heard(scene, noise=0.2):
    return hear(scene, noise, np.random.default_rng(5))


def seen(scene, noise=0.2):
    return see(scene, noise, np.random.default_rng(5))


def test_tracks_differ_in_length_and_rate():
    assert heard(SCENE).shape == (20, AUDIO_DIM)
    assert seen(SCENE).shape == (6, PATCHES, VISUAL_DIM)


@pytest.mark.parametrize(
    "change",
    [{"performers": SWAPPED}, {"outdoor": True}, {"speaker": 0.5}],
    ids=["seats", "outdoor", "speaker"],
)
def test_what_is_seen_alone_cannot_be_heard(change):
    np.testing.assert_array_equal(heard(replace(SCENE, **change)), heard(SCENE))
    assert not np.allclose(seen(replace(SCENE, **change)), seen(SCENE))


@pytest.mark.parametrize(
    "change",
    [{"performers": SILENT}, {"offscreen": replace(CELLO, instrument="flute")}, {"speech": None}],
    ids=["silent", "offscreen", "speech"],
)
def test_what_is_heard_alone_cannot_be_seen(change):
    np.testing.assert_array_equal(seen(replace(SCENE, **change)), seen(SCENE))
    assert not np.allclose(heard(replace(SCENE, **change)), heard(SCENE))


def test_a_row_hears_its_own_time_only():
    late = replace(SCENE, offscreen=Sound("flute", ((9.6, 19.5),), loudness=0.5, rhythm=1.0))
    changed = (heard(late) != heard(SCENE)).any(axis=1)
    assert changed.tolist() == [False] * 10 + [True] * 10


def test_noise_scales_the_difference_between_two_recordings():
    def difference(noise):
        one, other = (hear(SCENE, noise, np.random.default_rng(seed)) for seed in (1, 2))
        return float(np.abs(np.diff(one - other, axis=0)).mean())

    assert difference(0.0) < 1e-1 < 5e-1 * difference(0.5)
