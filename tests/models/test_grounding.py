import numpy as np
import torch
from scipy.special import softmax

from avqa_lit.models.grounding import Grounding, ground

VIDEOS, FRAMES, DIM, PLACES = 2, 3, 5, 7


def inputs():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(VIDEOS, FRAMES, DIM, PLACES, generator=generator, dtype=torch.float64)
    return maps, torch.randn(VIDEOS, FRAMES, DIM, generator=generator, dtype=torch.float64)


def test_a_grounded_vector_is_a_softmax_over_places_by_loops():
    maps, sound = inputs()
    found = ground(maps, sound)
    for video in range(VIDEOS):
        for frame in range(FRAMES):
            here = maps[video, frame].numpy().T
            unit = here / np.linalg.norm(here, axis=1, keepdims=True)
            heard = sound[video, frame].numpy()
            weights = softmax([one @ heard / np.linalg.norm(heard) for one in unit])
            np.testing.assert_allclose(found[video, frame], weights @ unit, rtol=1e-12, atol=1e-14)


def test_a_place_or_a_sound_of_nothing_leaves_value_and_gradient_finite():
    maps, sound = inputs()
    maps[0, 1, :, 2] = 0
    sound[1, 2] = 0
    sound.requires_grad_()
    found = ground(maps, sound)
    found.square().sum().backward()
    assert found.isfinite().all()
    assert sound.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences():
    maps, sound = inputs()
    assert torch.autograd.gradcheck(lambda heard: ground(maps, heard), sound.requires_grad_(), fast_mode=True)


def test_of_one_place_the_token_is_made_whatever_sounds():
    torch.manual_seed(0)
    maps, sound = inputs()
    layer = Grounding(channels=DIM, dim=DIM, has_places=False).double()
    alone = maps[..., :1]
    token = layer(alone, sound)
    torch.testing.assert_close(token, layer(alone, sound + 1))
    by_attention = torch.cat([alone[..., 0], ground(alone, sound)], dim=-1).tanh()
    torch.testing.assert_close(token, layer.project(by_attention))
