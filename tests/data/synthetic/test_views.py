from dataclasses import replace

import numpy as np
import pytest

from avqa_lit.data.synthetic.encoders import AUDIO_DIM
from avqa_lit.data.synthetic.oracle import seat_of
from avqa_lit.data.synthetic.scenes import SEATS, simulate
from avqa_lit.data.synthetic.views import VIEWS, record
from avqa_lit.errors import ConfigError


def recorded(number, view=None, *, seed=0):
    return record(simulate(seed, number), seed=seed, number=number, noise=0.2, view=view)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_differs_from_the_clean_one_in_its_modalities_alone_and_is_repeatable(name):
    changed = set()
    for number in range(5):
        clean, view, again = recorded(number), recorded(number, name), recorded(number, name)
        assert tuple(view) == VIEWS[name].modalities
        for modality, values in view.items():
            assert values.dtype == np.float16
            assert values.shape == clean[modality].shape
            np.testing.assert_array_equal(values, again[modality])
            changed |= set() if np.array_equal(values, clean[modality]) else {modality}
    assert changed == set(VIEWS[name].modalities)


def test_every_view_is_perturbed_by_a_chance_of_its_own():
    """The same sort of noise under another name, seed or number is other noise."""
    clean, noisy, poor = recorded(3)["audio"], recorded(3, "noisy")["audio"], recorded(3, "poor")["audio"]
    assert not np.array_equal(noisy, poor)
    assert np.corrcoef(clean.ravel(), noisy.ravel())[0, 1] > 0.5


def test_the_other_views_do_not_change_a_view(make_concerts):
    few, many = make_concerts(views=["dark"]).generated, make_concerts(views=["noisy", "dark"]).generated
    plain = make_concerts().generated
    for one, other, without in zip(few, many, plain, strict=True):
        np.testing.assert_array_equal(one.views["dark"]["visual"], other.views["dark"]["visual"])
        assert one.questions == other.questions == without.questions
        np.testing.assert_array_equal(one.audio, without.audio)
        np.testing.assert_array_equal(one.visual, without.visual)


def test_a_panned_camera_leaves_everybody_in_their_third():
    for number in range(200):
        scene = simulate(0, number)
        panned = VIEWS["panned"].camera(scene, np.random.default_rng(number))
        for before, after in zip(scene.performers, panned.performers, strict=True):
            assert min(SEATS, key=lambda seat: abs(SEATS[seat] - after.place)) == before.seat
            assert seat_of(panned, after.instrument) == seat_of(scene, before.instrument)
        assert replace(panned, performers=scene.performers, speaker=scene.speaker) == scene


@pytest.mark.parametrize("name", ["faint", "dark"])
def test_less_level_keeps_the_order_of_what_is_louder(name):
    change = VIEWS[name].sound if name == "faint" else VIEWS[name].picture
    signal = np.random.default_rng(0).normal(size=(5, 3, 7))
    less = change(signal, np.random.default_rng(1))
    np.testing.assert_array_equal(np.argsort(less, axis=None), np.argsort(signal, axis=None))
    assert np.abs(less).max() < np.abs(signal).max()


def test_half_of_the_time_one_part_of_the_picture_is_covered():
    signal = np.ones((7, 3, 5))
    for seed in range(20):
        covered = VIEWS["covered"].picture(signal, np.random.default_rng(seed)) == 0
        assert covered.any(axis=(0, 2)).sum() == 1
        rows = np.flatnonzero(covered.any(axis=(1, 2)))
        assert (len(rows), np.ptp(rows)) == (3, 2)
    assert signal.all()


def test_a_stumbling_recorder_moves_no_row_by_more_than_one():
    signal = np.repeat(np.arange(11.0)[:, None], AUDIO_DIM, axis=1)
    moved = VIEWS["jittery"].sound(signal, np.random.default_rng(0)) - signal
    assert set(np.unique(moved)) == {-1.0, 0.0, 1.0}


def test_a_view_that_is_none_is_refused_with_those_there_are(make_concerts):
    with pytest.raises(ConfigError, match=r"data.views names 'dusk', expected some of noisy, faint, muffled"):
        make_concerts(views=["dark", "dusk"])
