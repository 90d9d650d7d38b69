"""How each question is answered: functions of the latent scene and of what fills the placeholders.

None stands for a question that the scene leaves open, or that nobody would ask of it.
"""

from collections.abc import Callable

from avqa_lit.data.synthetic.oracle import at, heard_kinds, is_clear, most, seat_of, shown_kinds, sound_of
from avqa_lit.data.synthetic.scenes import Scene, Sound

NUMBERS = ("zero", "one", "two", "three", "four")
_EDGE_SECONDS = 2.5  # what counts as the beginning and the end of a video


def _yes(claim: bool) -> str:
    return "yes" if claim else "no"


def both_heard(scene: Scene, one: str, other: str) -> str | None:
    """Whether both are heard, asked where one of them is."""
    heard = len({one, other} & heard_kinds(scene))
    return _yes(heard == 2) if heard else None


def both_shown(scene: Scene, one: str, other: str) -> str | None:
    """Whether both are shown, asked where one of them is."""
    shown = len({one, other} & shown_kinds(scene))
    return _yes(shown == 2) if shown else None


def _lead(scene: Scene, superlative: str) -> Sound | None:
    return most(scene.sounds, superlative) if is_clear(scene) else None


def which_is_the(scene: Scene, superlative: str) -> str | None:
    """The loudest, longest, ... of all that is heard."""
    lead = _lead(scene, superlative)
    return lead.instrument if lead else None


def is_louder(scene: Scene, one: str, other: str) -> str | None:
    """Whether the first is louder than the second."""
    first, second = sound_of(scene, one), sound_of(scene, other)
    lead = most((first, second), "loudest") if first and second else None
    return _yes(lead is first) if lead else None


def number_of(scene: Scene, instrument: str) -> str:
    """How many players of this kind are shown."""
    return NUMBERS[sum(performer.instrument == instrument for performer in scene.performers)]


def next_to(scene: Scene, side: str, instrument: str) -> str | None:
    """Instrument next to the one of this kind, on its left or right."""
    kinds = [performer.instrument for performer in scene.performers]
    if kinds.count(instrument) != 1:
        return None
    place = kinds.index(instrument) + (1 if side == "right" else -1)
    return kinds[place] if 0 <= place < len(kinds) else None


def which_is_at(scene: Scene, seat: str) -> str | None:
    """Who sits there."""
    performer = at(scene, seat)
    return performer.instrument if performer else None


def where_is(scene: Scene, instrument: str) -> str | None:
    """Seat of the only player of this kind."""
    return seat_of(scene, instrument) if instrument in shown_kinds(scene) else None


def speaks_unseen(scene: Scene) -> str:
    """Whether a voice comes from outside the picture."""
    return _yes(scene.speech is not None and scene.speaker is None)


def _status(scene: Scene, instrument: str) -> tuple[bool, bool] | None:
    """Whether it is shown and whether it is heard; None for one that has no part in the concert."""
    status = instrument in shown_kinds(scene), instrument in heard_kinds(scene)
    return status if any(status) else None


def has_status(shown: bool, heard: bool) -> Callable[[Scene, str], str | None]:
    """A question whether an instrument of the concert is shown, heard, both, or one alone."""

    def ask(scene: Scene, instrument: str) -> str | None:
        status = _status(scene, instrument)
        return _yes(status == (shown, heard)) if status else None

    return ask


def where_comes_from(scene: Scene, superlative: str) -> str | None:
    """Seat of the loudest, longest, ... of all that is heard, or outside."""
    lead = _lead(scene, superlative)
    return seat_of(scene, lead.instrument) if lead else None


def where_is_the_only(scene: Scene) -> str | None:
    """Seat of the only player who is heard."""
    playing = [performer.seat for performer in scene.performers if performer.sound]
    return playing[0] if len(playing) == 1 and len(scene.performers) > 1 and is_clear(scene) else None


def plays(scene: Scene, seat: str) -> str | None:
    """Whether the instrument in this seat is heard."""
    performer = at(scene, seat)
    return _yes(performer.sound is not None) if performer and is_clear(scene) else None


def number_playing(scene: Scene) -> str | None:
    """How many of those shown are heard."""
    return NUMBERS[sum(one.sound is not None for one in scene.performers)] if is_clear(scene) else None


def number_silent(scene: Scene) -> str | None:
    """How many of those shown are not heard."""
    return NUMBERS[sum(one.sound is None for one in scene.performers)] if is_clear(scene) else None


def number_outside(scene: Scene) -> str | None:
    """How many are heard and not shown."""
    return NUMBERS[scene.offscreen is not None] if is_clear(scene) else None


def where_in_picture(scene: Scene, superlative: str) -> str | None:
    """Seat of the loudest, longest, ... of those shown."""
    playing = tuple(performer.sound for performer in scene.performers if performer.sound)
    lead = most(playing, superlative) if is_clear(scene) else None
    return seat_of(scene, lead.instrument) if lead else None


def is_the_most(scene: Scene, seat: str, superlative: str) -> str | None:
    """Whether the one in this seat is the loudest, longest, ... of all that is heard."""
    lead, performer = _lead(scene, superlative), at(scene, seat)
    return _yes(performer.instrument == lead.instrument) if lead and performer else None


def louder_of(scene: Scene, one: str, other: str) -> str | None:
    """Seat of the louder of two players."""
    playing = [performer.sound for seat in (one, other) if (performer := at(scene, seat)) and performer.sound]
    lead = most(tuple(playing), "loudest") if is_clear(scene) else None
    return seat_of(scene, lead.instrument) if lead else None


def plays_at_the(scene: Scene, seat: str, edge: str) -> str | None:
    """Whether the one in this seat plays all through the beginning or the end."""
    performer = at(scene, seat)
    if not performer or not is_clear(scene):
        return None
    share = performer.sound.share(*_edge(scene, edge)) if performer.sound else 0.0
    return _yes(share == 1.0) if share in (0.0, 1.0) else None


def _edge(scene: Scene, edge: str) -> tuple[float, float]:
    start = 0.0 if edge == "beginning" else scene.duration - _EDGE_SECONDS
    return start, start + _EDGE_SECONDS


def heard_number(scene: Scene, *values: str) -> int:
    """Hint: how many kinds are heard."""
    return len(heard_kinds(scene))


def shown_number(scene: Scene, *values: str) -> int:
    """Hint: how many players are shown."""
    return len(scene.performers)


def heard_at_the(scene: Scene, seat: str, edge: str) -> int:
    """Hint: how many are heard at the beginning or the end, wherever they are."""
    return sum(sound.share(*_edge(scene, edge)) > 0.5 for sound in scene.sounds)


def number_heard(scene: Scene) -> str:
    """How many kinds are heard."""
    return NUMBERS[heard_number(scene)]


def number_shown(scene: Scene) -> str:
    """How many players are shown."""
    return NUMBERS[shown_number(scene)]


def is_heard(scene: Scene, instrument: str) -> str:
    """Whether this kind is heard."""
    return _yes(instrument in heard_kinds(scene))


def is_shown(scene: Scene, instrument: str) -> str:
    """Whether this kind is shown."""
    return _yes(instrument in shown_kinds(scene))


def indoor_or_outdoor(scene: Scene) -> str:
    """Where the concert is held."""
    return "outdoor" if scene.outdoor else "indoor"
