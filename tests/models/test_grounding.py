import numpy as np
import pytest
import torch
from scipy.special import softmax

from avqa_lit.models.grounding import Grounding, ground

VIDEOS, FRAMES, SOUNDS, DIM, PLACES = 2, 3, 2, 5, 7


def inputs():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(VIDEOS, FRAMES, DIM, PLACES, generator=generator, dtype=torch.float64)
    return maps, torch.randn(VIDEOS, FRAMES, SOUNDS, DIM, generator=generator, dtype=torch.float64)


def test_a_grounded_vector_is_a_softmax_over_places_by_loops():
    maps, sounds = inputs()
    mean, found = ground(maps, sounds)
    np.testing.assert_allclose(mean, maps.numpy().mean(axis=-1), rtol=1e-12, atol=1e-14)
    for video, frame, sound in np.ndindex(VIDEOS, FRAMES, SOUNDS):
        here = maps[video, frame].numpy().T
        unit = here / np.linalg.norm(here, axis=1, keepdims=True)
        heard = sounds[video, frame, sound].numpy()
        weights = softmax([one @ heard / np.linalg.norm(heard) for one in unit])
        np.testing.assert_allclose(found[video, frame, sound], weights @ unit, rtol=1e-12, atol=1e-14)


def test_a_place_or_a_sound_of_nothing_leaves_value_and_gradient_finite():
    maps, sounds = inputs()
    maps[0, 1, :, 2] = 0
    sounds[1, 2] = 0
    sounds.requires_grad_()
    _, found = ground(maps, sounds)
    found.square().sum().backward()
    assert found.isfinite().all()
    assert sounds.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences():
    maps, sounds = inputs()
    sounds.requires_grad_()
    assert torch.autograd.gradcheck(lambda heard: ground(maps, heard)[1], sounds, fast_mode=True)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("frames_at_once", [1, 4, 99])
def test_maps_as_stored_give_what_maps_cast_at_once_give(threads, frames_at_once):
    threads(frames_at_once)
    maps, sounds = (values.half() for values in inputs())
    heard = [sounds.float().requires_grad_() for _ in range(2)]
    expected = ground(maps.double(), heard[0].double())[1]
    with torch.autocast("cpu", torch.bfloat16):
        found = ground(maps, heard[1])[1]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    expected.square().sum().backward()
    found.square().sum().backward()
    torch.testing.assert_close(heard[1].grad, heard[0].grad, rtol=1e-5, atol=1e-6)


def test_of_one_place_the_token_is_made_whatever_sounds():
    torch.manual_seed(0)
    maps, sounds = inputs()
    layer = Grounding(channels=DIM, dim=DIM, has_places=False).double()
    alone = maps[..., :1]
    token = layer(alone, sounds)
    torch.testing.assert_close(token, layer(alone, sounds + 1))
    mean, grounded = ground(alone, sounds)
    by_attention = torch.cat([mean[..., None, :].expand_as(grounded), grounded], dim=-1).tanh()
    torch.testing.assert_close(token, layer.project(by_attention))
