"""What can be asked about a concert, with the answer that a scene gives.

Every template covers one of the nine categories. Its `ask` reads nothing but the latent scene, and gives
None for a question that this scene leaves open or that nobody would ask of it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from avqa_lit.data.synthetic.oracle import (
    at,
    heard_kinds,
    is_clear,
    most,
    neighbour,
    seat_of,
    shown_kinds,
    sound_of,
)
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, SEATS, Scene, Sound

NUMBERS = ("zero", "one", "two", "three", "four")
_OBJECT = INSTRUMENTS
_SEAT = tuple(SEATS)
_SEATS = (("left", "right"), ("left", "middle"), ("middle", "right"))
_MOST = ("loudest", "longest", "quickest")
_EDGE_SECONDS = 2.5  # what counts as the beginning and the end of a video


@dataclass(frozen=True)
class Template:
    """A question with placeholders.

    Attributes:
        category: name in `avqa_lit.categories`.
        text: words of the question, with placeholders such as ``<Object>``.
        ask: answer for a scene and the values of the placeholders, from left to right.
        values: what may stand for each placeholder.
        hints: what may give the answer away to somebody who only hears, or only sees; among questions with
            the same hint, no answer becomes usual.
    """

    category: str
    text: str
    ask: Callable[..., str | None]
    values: tuple[tuple[str, ...], ...] = ()
    hints: tuple[Callable[..., Hashable], ...] = ()


def _yes(claim: bool) -> str:
    return "yes" if claim else "no"


def _both_heard(scene: Scene, one: str, other: str) -> str | None:
    heard = len({one, other} & heard_kinds(scene))
    return _yes(heard == 2) if heard else None


def _both_shown(scene: Scene, one: str, other: str) -> str | None:
    shown = len({one, other} & shown_kinds(scene))
    return _yes(shown == 2) if shown else None


def _lead(scene: Scene, superlative: str) -> Sound | None:
    return most(scene.sounds, superlative) if is_clear(scene) else None


def _which_is_the(scene: Scene, superlative: str) -> str | None:
    lead = _lead(scene, superlative)
    return lead.instrument if lead else None


def _is_louder(scene: Scene, one: str, other: str) -> str | None:
    first, second = sound_of(scene, one), sound_of(scene, other)
    lead = most((first, second), "loudest") if first and second else None
    return _yes(lead is first) if lead else None


def _number_of(scene: Scene, instrument: str) -> str:
    return NUMBERS[sum(performer.instrument == instrument for performer in scene.performers)]


def _which_is_at(scene: Scene, seat: str) -> str | None:
    performer = at(scene, seat)
    return performer.instrument if performer else None


def _where_is(scene: Scene, instrument: str) -> str | None:
    return seat_of(scene, instrument) if instrument in shown_kinds(scene) else None


def _speaks_unseen(scene: Scene) -> str:
    return _yes(scene.speech is not None and scene.speaker is None)


def _status(scene: Scene, instrument: str) -> tuple[bool, bool] | None:
    """Whether it is shown and whether it is heard; None for one that has no part in the concert."""
    status = instrument in shown_kinds(scene), instrument in heard_kinds(scene)
    return status if any(status) else None


def _has_status(shown: bool, heard: bool) -> Callable[[Scene, str], str | None]:
    def ask(scene: Scene, instrument: str) -> str | None:
        status = _status(scene, instrument)
        return _yes(status == (shown, heard)) if status else None

    return ask


def _where_comes_from(scene: Scene, superlative: str) -> str | None:
    lead = _lead(scene, superlative)
    return seat_of(scene, lead.instrument) if lead else None


def _where_is_the_only(scene: Scene) -> str | None:
    playing = [performer.seat for performer in scene.performers if performer.sound]
    return playing[0] if len(playing) == 1 and len(scene.performers) > 1 and is_clear(scene) else None


def _plays(scene: Scene, seat: str) -> str | None:
    performer = at(scene, seat)
    return _yes(performer.sound is not None) if performer and is_clear(scene) else None


def _number_playing(scene: Scene) -> str | None:
    return NUMBERS[sum(one.sound is not None for one in scene.performers)] if is_clear(scene) else None


def _number_silent(scene: Scene) -> str | None:
    return NUMBERS[sum(one.sound is None for one in scene.performers)] if is_clear(scene) else None


def _number_outside(scene: Scene) -> str | None:
    return NUMBERS[scene.offscreen is not None] if is_clear(scene) else None


def _where_in_picture(scene: Scene, superlative: str) -> str | None:
    playing = tuple(performer.sound for performer in scene.performers if performer.sound)
    lead = most(playing, superlative) if is_clear(scene) else None
    return seat_of(scene, lead.instrument) if lead else None


def _is_the_most(scene: Scene, seat: str, superlative: str) -> str | None:
    lead, performer = _lead(scene, superlative), at(scene, seat)
    return _yes(performer.instrument == lead.instrument) if lead and performer else None


def _louder_of(scene: Scene, one: str, other: str) -> str | None:
    playing = [performer.sound for seat in (one, other) if (performer := at(scene, seat)) and performer.sound]
    lead = most(tuple(playing), "loudest") if is_clear(scene) else None
    return seat_of(scene, lead.instrument) if lead else None


def _plays_at_the(scene: Scene, seat: str, edge: str) -> str | None:
    performer = at(scene, seat)
    if not performer or not is_clear(scene):
        return None
    share = performer.sound.share(*_edge(scene, edge)) if performer.sound else 0.0
    return _yes(share == 1.0) if share in (0.0, 1.0) else None


def _edge(scene: Scene, edge: str) -> tuple[float, float]:
    start = 0.0 if edge == "beginning" else scene.duration - _EDGE_SECONDS
    return start, start + _EDGE_SECONDS


def _heard_number(scene: Scene, *values: str) -> int:
    return len(heard_kinds(scene))


def _shown_number(scene: Scene, *values: str) -> int:
    return len(scene.performers)


def _heard_at_the(scene: Scene, seat: str, edge: str) -> int:
    return sum(sound.share(*_edge(scene, edge)) > 0.5 for sound in scene.sounds)


TEMPLATES = (
    Template(
        "audio/counting", "How many kinds of instruments can be heard?", lambda s: NUMBERS[_heard_number(s)]
    ),
    Template(
        "audio/counting", "Can one hear a <Object>?", lambda s, x: _yes(x in heard_kinds(s)), (_OBJECT,)
    ),
    Template(
        "audio/counting", "Can one hear both a <Object> and a <Object>?", _both_heard, (_OBJECT, _OBJECT)
    ),
    Template("audio/comparative", "Which of the instruments heard is the <Most>?", _which_is_the, (_MOST,)),
    Template(
        "audio/comparative", "Is the <Object> louder than the <Object>?", _is_louder, (_OBJECT, _OBJECT)
    ),
    Template(
        "visual/counting", "How many instruments are in the picture?", lambda s: NUMBERS[_shown_number(s)]
    ),
    Template(
        "visual/counting", "Is a <Object> in the picture?", lambda s, x: _yes(x in shown_kinds(s)), (_OBJECT,)
    ),
    Template(
        "visual/counting",
        "Are a <Object> and a <Object> both in the picture?",
        _both_shown,
        (_OBJECT, _OBJECT),
    ),
    Template("visual/counting", "How many players have a <Object>?", _number_of, (_OBJECT,)),
    Template(
        "visual/location",
        "Does the concert take place indoors or outdoors?",
        lambda s: "outdoor" if s.outdoor else "indoor",
    ),
    Template("visual/location", "Which instrument is on the <LR>?", _which_is_at, (_SEAT,)),
    Template("visual/location", "Where in the picture is the <Object>?", _where_is, (_OBJECT,)),
    Template(
        "visual/location",
        "Which instrument is next to the <LR> of the <Object>?",
        neighbour,
        (("left", "right"), _OBJECT),
    ),
    Template("audio_visual/existential", "Does somebody speak who is not in the picture?", _speaks_unseen),
    Template(
        "audio_visual/existential",
        "Is there a <Object> both in sight and in hearing?",
        _has_status(True, True),
        (_OBJECT,),
    ),
    Template(
        "audio_visual/existential",
        "Is a <Object> heard that is out of sight?",
        _has_status(False, True),
        (_OBJECT,),
    ),
    Template(
        "audio_visual/existential",
        "Is a <Object> in sight that stays silent?",
        _has_status(True, False),
        (_OBJECT,),
    ),
    Template("audio_visual/location", "Where does the <Most> sound come from?", _where_comes_from, (_MOST,)),
    Template("audio_visual/location", "Where is the only one in the picture that plays?", _where_is_the_only),
    Template(
        "audio_visual/location",
        "Does the instrument on the <LR> make a sound?",
        _plays,
        (_SEAT,),
        (_heard_number, _shown_number),
    ),
    Template(
        "audio_visual/counting",
        "How many of the instruments in the picture play?",
        _number_playing,
        (),
        (_heard_number, _shown_number),
    ),
    Template(
        "audio_visual/counting",
        "How many of the instruments in the picture are silent?",
        _number_silent,
        (),
        (_heard_number, _shown_number),
    ),
    Template(
        "audio_visual/counting",
        "How many instruments are heard from outside the picture?",
        _number_outside,
        (),
        (_heard_number, _shown_number),
    ),
    Template(
        "audio_visual/comparative",
        "Is the instrument on the <LR> the <Most> of all?",
        _is_the_most,
        (_SEAT, _MOST),
        (_heard_number, _shown_number),
    ),
    Template(
        "audio_visual/comparative",
        "Where in the picture is the <Most> instrument?",
        _where_in_picture,
        (_MOST,),
    ),
    Template(
        "audio_visual/comparative",
        "Which plays louder, the one on the <LR> or the one on the <LR>?",
        _louder_of,
        (_SEAT, _SEAT),
    ),
    Template(
        "audio_visual/temporal",
        "Where is the instrument that is heard <FL>?",
        _where_comes_from,
        (("first", "last"),),
    ),
    Template(
        "audio_visual/temporal",
        "Where is the instrument in the picture that plays <FL>?",
        _where_in_picture,
        (("first", "last"),),
    ),
    Template(
        "audio_visual/temporal",
        "Does the instrument on the <LR> play at the <BE>?",
        _plays_at_the,
        (_SEAT, ("beginning", "end")),
        (_heard_at_the, _shown_number),
    ),
)
