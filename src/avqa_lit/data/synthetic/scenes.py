"""What happens in a simulated concert: the latent scene behind a video's features and answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

INSTRUMENTS = ("accordion", "cello", "drum", "flute", "piano", "trumpet")
SEATS = {"left": 1 / 6, "middle": 1 / 2, "right": 5 / 6}

_PERFORMERS = (0.10, 0.35, 0.55)  # chance of one, two, three players in the picture
_SOUNDING = {1: (0.45, 0.55), 2: (0.15, 0.65, 0.20), 3: (0.05, 0.45, 0.40, 0.10)}  # chance of 0, 1, ... heard


@dataclass(frozen=True)
class Sound:
    """One instrument as it is heard.

    Attributes:
        instrument: which one.
        intervals: start and end of each stretch in which it plays, in seconds, in order.
        loudness: from 0 (just audible) to 1.
        rhythm: strokes a second.
    """

    instrument: str
    intervals: tuple[tuple[float, float], ...]
    loudness: float
    rhythm: float

    @property
    def onset(self) -> float:
        """When it is first heard, in seconds."""
        return self.intervals[0][0]

    @property
    def offset(self) -> float:
        """When it is last heard, in seconds."""
        return self.intervals[-1][1]

    @property
    def seconds(self) -> float:
        """How long it is heard, pauses left out."""
        return sum(end - start for start, end in self.intervals)

    def share(self, start: float, end: float) -> float:
        """Share of a stretch of time during which it plays."""
        played = sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop in self.intervals)
        return played / (end - start)


@dataclass(frozen=True)
class Performer:
    """One instrument in the picture, whether or not it is heard.

    Attributes:
        instrument: which one.
        seat: third of the picture, a key of `SEATS`.
        place: horizontal centre, from 0 (left edge) to 1 (right edge).
        sound: what it plays; None for one that stays silent.
    """

    instrument: str
    seat: str
    place: float
    sound: Sound | None


@dataclass(frozen=True)
class Scene:
    """Everything that is so in one video.

    Attributes:
        duration: length in seconds.
        performers: instruments in the picture, one a seat, from left to right.
        offscreen: an instrument that is heard and not shown; never one of the kinds that are shown.
        speech: start and end of a voice, in seconds; None where nobody speaks.
        speaker: horizontal place of a speaker in the picture; None where none is shown.
        outdoor: whether it was filmed under the sky, which cannot be heard.
    """

    duration: float
    performers: tuple[Performer, ...]
    offscreen: Sound | None
    speech: tuple[float, float] | None
    speaker: float | None
    outdoor: bool

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """All that is heard of instruments, from the picture and from outside it."""
        own = tuple(performer.sound for performer in self.performers if performer.sound)
        return (*own, self.offscreen) if self.offscreen else own


def simulate(seed: int, number: int) -> Scene:
    """Scene of video `number`: the same whatever other videos are made."""
    rng = np.random.default_rng((seed, number, 0))
    duration = round(float(rng.uniform(16.0, 24.0)), 2)
    players = 1 + int(rng.choice(3, p=_PERFORMERS))
    kinds = [INSTRUMENTS[index] for index in rng.permutation(len(INSTRUMENTS))]
    shown, unseen = kinds[:players], kinds[players]
    if players > 1 and rng.random() < 0.15:
        shown[1] = shown[0]  # two players of one kind
    heard = set(rng.permutation(players)[: rng.choice(players + 1, p=_SOUNDING[players])].tolist())
    seats = sorted(rng.permutation(len(SEATS))[:players].tolist())
    sounds = [_sound(rng, kind, duration) if i in heard else None for i, kind in enumerate(shown)]
    performers = tuple(_seated(rng, shown, sounds, seats))
    speaks, is_seen = rng.random() < 0.5, rng.random() < 0.5
    start = float(rng.uniform(0.0, duration - 5.0))
    return Scene(
        duration=duration,
        performers=performers,
        offscreen=_sound(rng, unseen, duration) if rng.random() < 0.2 else None,
        speech=(start, start + 5.0) if speaks else None,
        speaker=float(rng.uniform(0.05, 0.95)) if is_seen else None,
        outdoor=bool(rng.random() < 0.5),
    )


def _seated(
    rng: np.random.Generator, shown: list[str], sounds: list[Sound | None], seats: list[int]
) -> Iterator[Performer]:
    names = list(SEATS)
    for instrument, sound, seat in zip(shown, sounds, seats, strict=True):
        place = SEATS[names[seat]] + float(rng.uniform(-0.05, 0.05))
        yield Performer(instrument, names[seat], place, sound)


def _sound(rng: np.random.Generator, instrument: str, duration: float) -> Sound:
    start, end = 0.0, duration
    if rng.random() < 0.6:  # comes in late, or stops early, or both
        start, end = rng.choice(((0.45, 1.0), (0.0, 0.55), (0.25, 0.75))) * duration
        start = float(start + (start > 0.0) * rng.uniform(-0.2, 0.2) * duration)
        end = float(end - (end < duration) * rng.uniform(-0.2, 0.2) * duration)
    intervals: tuple[tuple[float, float], ...] = ((start, end),)
    if end - start > 10.0 and rng.random() < 0.4:
        pause = start + float(rng.uniform(2.0, end - start - 6.0))
        intervals = ((start, pause), (pause + 4.0, end))
    return Sound(instrument, intervals, float(rng.random()), float(rng.uniform(0.5, 4.5)))
