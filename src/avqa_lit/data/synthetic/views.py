"""How a recording of a simulated concert may be worse than the clean one.

A view changes what reaches microphone and camera, before the encoders: the scene as it is filmed, or the
signal that is encoded. Nothing that a question asks for changes, so every answer stays true; some become
harder to tell.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from avqa_lit.data.stored_values import StoredDtype
from avqa_lit.data.synthetic.encoders import Signal, hear, see
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, Scene
from avqa_lit.errors import ConfigError

Change = Callable[[Signal, np.random.Generator], Signal]
_Anything = TypeVar("_Anything")


def _unchanged(what: _Anything, rng: np.random.Generator) -> _Anything:
    return what


def _noisy(signal: Signal, rng: np.random.Generator) -> Signal:
    """Background noise on all that is heard."""
    return signal + rng.normal(scale=0.3, size=signal.shape)


def _faint(signal: Signal, rng: np.random.Generator) -> Signal:
    """A microphone far away: everything at a share of its level, so what is louder stays so."""
    return signal * rng.uniform(0.3, 0.6)


def _muffled(signal: Signal, rng: np.random.Generator) -> Signal:
    """Without the high tones, by which strokes are told apart."""
    muffled = signal.copy()
    muffled[:, len(INSTRUMENTS) : 2 * len(INSTRUMENTS)] *= rng.uniform(0.1, 0.4)
    return muffled


def _jittery(signal: Signal, rng: np.random.Generator) -> Signal:
    """A recorder that stumbles: each row may be the one before or behind."""
    rows = np.arange(len(signal)) + rng.integers(-1, 2, size=len(signal))
    stumbled: np.ndarray = signal[rows.clip(0, len(signal) - 1)]
    return stumbled


def _dark(signal: Signal, rng: np.random.Generator) -> Signal:
    """Little light on everything in the picture."""
    return signal * rng.uniform(0.3, 0.6)


def _covered(signal: Signal, rng: np.random.Generator) -> Signal:
    """Somebody stands before one part of the picture for half of the time."""
    covered = signal.copy()
    frames, patches = signal.shape[:2]
    start = int(rng.integers(frames - frames // 2 + 1))
    covered[start : start + frames // 2, rng.integers(patches)] = 0.0
    return covered


def _panned(scene: Scene, rng: np.random.Generator) -> Scene:
    """A camera turned aside, by less than would bring anybody out of their third of the picture."""
    shift = float(rng.uniform(-0.1, 0.1))
    performers = tuple(replace(one, place=one.place + shift) for one in scene.performers)
    speaker = None if scene.speaker is None else scene.speaker + shift
    return replace(scene, performers=performers, speaker=speaker)


@dataclass(frozen=True, kw_only=True)
class View:
    """What happens between a scene and the encoders.

    Attributes:
        camera: changes the scene as the camera has it.
        picture: changes what the camera records of it.
        sound: changes what the microphone records.
    """

    camera: Callable[[Scene, np.random.Generator], Scene] = _unchanged
    picture: Change = _unchanged
    sound: Change = _unchanged

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities whose features it changes."""
        changes = {"audio": (self.sound,), "visual": (self.camera, self.picture)}
        return tuple(
            modality for modality, made in changes.items() if any(one is not _unchanged for one in made)
        )


VIEWS = {
    "noisy": View(sound=_noisy),
    "faint": View(sound=_faint),
    "muffled": View(sound=_muffled),
    "jittery": View(sound=_jittery),
    "dark": View(picture=_dark),
    "covered": View(picture=_covered),
    "panned": View(camera=_panned),
    "poor": View(camera=_panned, picture=_dark, sound=_noisy),
}


def record(
    scene: Scene,
    *,
    seed: int,
    number: int,
    noise: float,
    dtype: StoredDtype = "float16",
    view: str | None = None,
) -> dict[str, Float[np.ndarray, "..."]]:
    """Features of one video by modality, all of them in the clean view, and in another what it changes.

    Every view has the chance noise of the clean one, and differs in nothing but its own perturbation.

    Args:
        scene: what happens in it.
        seed: of the data set.
        number: of the video.
        noise: standard deviation of the noise in both encoders.
        dtype: precision of the features.
        view: a name in `VIEWS`; None is the clean one.
    """
    change = View() if view is None else VIEWS[view]
    rng = np.random.default_rng((seed, number, 1))
    worse = np.random.default_rng((seed, number, 3, zlib.crc32((view or "").encode())))
    filmed = change.camera(scene, worse)
    features = {
        "audio": hear(scene, noise, rng, lambda signal: change.sound(signal, worse)),
        "visual": see(filmed, noise, rng, lambda signal: change.picture(signal, worse)),
    }
    wanted = change.modalities or tuple(features)
    return {modality: features[modality].astype(dtype) for modality in wanted}


def check_known(names: Iterable[str]) -> None:
    """Refuse views that the simulator does not have.

    Raises:
        ConfigError: the name, and those that there are.
    """
    for name in names:
        if name not in VIEWS:
            raise ConfigError(f"data.views names {name!r}, expected some of {', '.join(VIEWS)}")
