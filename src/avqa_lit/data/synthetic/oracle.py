"""Facts about a latent scene, from which questions are answered.

A fact is None where an honest listener and viewer could not be sure: a tie within a margin, or two players
of one kind of whom one is heard, since a sound does not tell whose it is.
"""

from collections.abc import Callable

from avqa_lit.data.synthetic.scenes import Performer, Scene, Sound

OUTSIDE = "outside"
# What a superlative compares, and by how much the first has to lead the second.
SUPERLATIVES: dict[str, tuple[Callable[[Sound], float], float]] = {
    "loudest": (lambda sound: sound.loudness, 0.25),
    "longest": (lambda sound: sound.seconds, 3.0),
    "quickest": (lambda sound: sound.rhythm, 1.0),
    "first": (lambda sound: -sound.onset, 2.5),
    "last": (lambda sound: sound.offset, 2.5),
}


def heard_kinds(scene: Scene) -> set[str]:
    """Kinds of instruments that sound, in the picture or outside it."""
    return {sound.instrument for sound in scene.sounds}


def shown_kinds(scene: Scene) -> set[str]:
    """Kinds of instruments in the picture."""
    return {performer.instrument for performer in scene.performers}


def is_clear(scene: Scene) -> bool:
    """Whether every sound has one possible source: no kind that is shown twice is heard."""
    kinds = [performer.instrument for performer in scene.performers]
    return not any(kinds.count(kind) > 1 for kind in heard_kinds(scene))


def at(scene: Scene, seat: str) -> Performer | None:
    """Who has this seat."""
    return next((performer for performer in scene.performers if performer.seat == seat), None)


def seat_of(scene: Scene, instrument: str) -> str | None:
    """Seat of the one player of this kind, or ``outside``; None where two have it."""
    seats = [performer.seat for performer in scene.performers if performer.instrument == instrument]
    return OUTSIDE if not seats else seats[0] if len(seats) == 1 else None


def most(sounds: tuple[Sound, ...], superlative: str) -> Sound | None:
    """The loudest, longest, ... of at least two sounds, if it leads clearly."""
    key, margin = SUPERLATIVES[superlative]
    ranked = sorted(sounds, key=key, reverse=True)
    if len(ranked) < 2 or key(ranked[0]) - key(ranked[1]) < margin:
        return None
    return ranked[0]


def sound_of(scene: Scene, instrument: str) -> Sound | None:
    """What this kind of instrument plays; None where it is not heard, or heard from two players."""
    sounds = [sound for sound in scene.sounds if sound.instrument == instrument]
    return sounds[0] if len(sounds) == 1 else None
