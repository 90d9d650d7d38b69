import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine as scipy_cosine

from avqa_lit.batch import Track
from avqa_lit.errors import ConfigError
from avqa_lit.losses.common_time import on_common_time
from avqa_lit.losses.cosine import Cosine, cosine_distance

COMPONENT = st.floats(-1e3, 1e3).filter(lambda one: one == 0 or abs(one) > 1e-3)
VECTOR = st.lists(COMPONENT, min_size=3, max_size=3).filter(any)


@given(first=VECTOR, second=VECTOR, factor=st.floats(1e-6, 1e6))
def test_it_is_scipys_distance_from_0_to_2_whatever_the_lengths(first, second, factor):
    x, y = torch.tensor(first, dtype=torch.float64), torch.tensor(second, dtype=torch.float64)
    found = cosine_distance(x, y)
    np.testing.assert_allclose(found, scipy_cosine(first, second), rtol=1e-9, atol=1e-12)
    assert -1e-12 <= found <= 2 + 1e-12
    torch.testing.assert_close(cosine_distance(x * factor, y), found, rtol=1e-9, atol=1e-12)
    assert cosine_distance(x, x).abs() < 1e-12


@pytest.mark.parametrize("length", [0.0, 1e30])
def test_a_vector_without_a_direction_is_as_far_as_a_right_angle_and_gets_no_gradient(length):
    x = torch.full((2, 3), length, requires_grad=True)
    y = torch.randn(2, 3, requires_grad=True)
    value = cosine_distance(x, y)
    assert value.tolist() == [1, 1]
    value.sum().backward()
    assert x.grad.eq(0).all()
    assert y.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences():
    x, y = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(cosine_distance, (x, y))


def test_a_clip_is_compared_by_its_means_over_time(make_tracks, make_output, make_batch):
    audio, visual = make_tracks(padding=2, rubbish=1e6)
    video = [2, 0, 0, 1, 0]
    found = Cosine(level="clip")(make_output(audio, visual, 5), make_batch(video, videos=3))
    means = [[t.values[v][t.mask[v]].mean(0).numpy() for t in (audio, visual)] for v in video]
    np.testing.assert_allclose(found, np.mean([scipy_cosine(*pair) for pair in means]), rtol=1e-12)


def test_frames_are_compared_at_moments_that_both_tracks_share(make_tracks, make_output, make_batch):
    audio, visual = make_tracks(padding=2, rubbish=1e6)
    video = [2, 0, 0, 1, 0]
    found = Cosine(level="frame")(make_output(audio, visual, 5), make_batch(video, videos=3))
    first, second, shared = (one.numpy() for one in on_common_time(audio, visual))
    distances = [
        np.mean([scipy_cosine(first[v, t], second[v, t]) for t in np.flatnonzero(shared[v])]) for v in video
    ]
    np.testing.assert_allclose(found, np.mean(distances), rtol=1e-12)


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"loss\.cosine\.level is 'video', expected one of clip, frame"):
        Cosine(level="video")


@pytest.mark.parametrize("level", ["clip", "frame"])
def test_tracks_that_do_not_meet_add_nothing(level, make_track, make_output, make_batch):
    audio, visual = make_track((2, 1), rate=1.0, seed=1), make_track((2, 1), rate=1.0, seed=2)
    visual = Track(visual.values, visual.mask & torch.tensor([[True], [False]]), visual.seconds)
    audio.values.requires_grad_()
    loss = Cosine(level=level)
    both = loss(make_output(audio, visual, 3), make_batch([0, 1, 1], videos=2))
    first = loss(make_output(audio, visual, 1), make_batch([0], videos=2, total=3))
    torch.testing.assert_close(both, first)
    both.backward()
    assert audio.values.grad[1].eq(0).all()
