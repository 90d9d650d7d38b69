r"""Two fixed random encoders which turn a scene into what a microphone and a camera would leave of it.

Each writes a scene's audible (or visible) side as a few latent channels over time, mixes the channels by
a random matrix of its own, adds noise and squashes the sum:

.. math:: x = \tanh((z + 0.3 \sigma \epsilon_z) W + \sigma \epsilon_x)

The matrices come from a constant seed, as weights of a pretrained encoder would: another `data.seed`
makes other videos for the same ears and eyes.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32

from avqa_lit.data.synthetic.scenes import INSTRUMENTS, Scene

AUDIO_SECONDS = 0.96
VISUAL_SECONDS = 3.0
AUDIO_DIM = 64
VISUAL_DIM = 56
PATCHES = 3

Signal = Float[np.ndarray, "*rows channel"]

_COLOUR = 0.1
_COLOURS = 4  # channels that vary from video to video and answer nothing: a room's sound, a picture's light
_CENTRES = (np.arange(PATCHES) + 0.5) / PATCHES
_INDEX = {name: index for index, name in enumerate(INSTRUMENTS)}


def _mixing(key: int, channels: int, dim: int) -> Float[np.ndarray, "channel dim"]:
    return np.random.default_rng((20220317, key)).normal(size=(channels, dim))


_AUDIO_MIXING = _mixing(0, 2 * len(INSTRUMENTS) + 1 + _COLOURS, AUDIO_DIM)
_VISUAL_MIXING = _mixing(1, len(INSTRUMENTS) + 2 + _COLOURS, VISUAL_DIM)


def hear(
    scene: Scene, noise: float, rng: np.random.Generator, through: Callable[[Signal], Signal] | None = None
) -> Float32[np.ndarray, "time audio_dim"]:
    """Audio track of a scene, in mono: what sounds, how loud and how fast, never where.

    `through` changes the signal before it is encoded; it is [time, channel].
    """
    starts = np.arange(int(scene.duration / AUDIO_SECONDS)) * AUDIO_SECONDS
    latent = np.zeros((len(starts), len(_AUDIO_MIXING)))
    for sound in scene.sounds:
        level = 0.4 + 0.8 * sound.loudness
        played = level * sum(_overlap(starts, *interval) for interval in sound.intervals)
        latent[:, _INDEX[sound.instrument]] += played
        latent[:, len(INSTRUMENTS) + _INDEX[sound.instrument]] += played * (sound.rhythm - 2.5) / 2.0
    if scene.speech:
        latent[:, 2 * len(INSTRUMENTS)] = _overlap(starts, *scene.speech)
    latent[:, -_COLOURS:] = _COLOUR * rng.normal(size=_COLOURS)
    return _encode(through(latent) if through else latent, _AUDIO_MIXING, noise, rng)


def see(
    scene: Scene, noise: float, rng: np.random.Generator, through: Callable[[Signal], Signal] | None = None
) -> Float32[np.ndarray, "time patch visual_dim"]:
    """Visual track of a scene: who is where, and the background, never who plays.

    `through` changes the signal before it is encoded; it is [time, patch, channel].
    """
    frames = int(scene.duration / VISUAL_SECONDS)
    latent = np.zeros((frames, PATCHES, len(_VISUAL_MIXING)))
    shake = rng.normal(scale=0.02, size=(frames, 1))  # of the hand that holds the camera
    for performer in scene.performers:
        latent[:, :, _INDEX[performer.instrument]] += _window(performer.place + shake)
    if scene.speaker is not None:
        latent[:, :, len(INSTRUMENTS)] = _window(scene.speaker + shake)
    latent[:, :, len(INSTRUMENTS) + 1] = 0.5 if scene.outdoor else -0.5
    latent[:, :, -_COLOURS:] = _COLOUR * rng.normal(size=_COLOURS)
    return _encode(through(latent) if through else latent, _VISUAL_MIXING, noise, rng)


def _overlap(starts: Float[np.ndarray, " time"], start: float, end: float) -> Float[np.ndarray, " time"]:
    """Share of each row during which something from `start` to `end` goes on."""
    seconds = np.minimum(starts + AUDIO_SECONDS, end) - np.maximum(starts, start)
    share: np.ndarray = np.clip(seconds / AUDIO_SECONDS, 0.0, 1.0)
    return share


def _window(place: Float[np.ndarray, "time 1"]) -> Float[np.ndarray, "time patch"]:
    """How much of a person at `place` each patch shows; neighbours share one."""
    return np.exp(-0.5 * ((place - _CENTRES) / (0.55 / PATCHES)) ** 2)


def _encode(
    latent: Signal,
    mixing: Float[np.ndarray, "channel dim"],
    noise: float,
    rng: np.random.Generator,
) -> Float32[np.ndarray, "*rows dim"]:
    latent = latent + 0.3 * noise * rng.normal(size=latent.shape)
    mixed = latent @ mixing
    encoded: np.ndarray = np.tanh(mixed + noise * rng.normal(size=mixed.shape)).astype(np.float32)
    return encoded
