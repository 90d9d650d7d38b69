"""What can be asked about a concert, with the answer that a scene gives.

Every template covers one of the nine categories. Its `ask` reads nothing but the latent scene, and gives
None for a question that this scene leaves open or that nobody would ask of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from avqa_lit.data.synthetic.oracle import (
    OUTSIDE, at, heard_kinds, is_clear, is_more, most, neighbour, plays_at, seat_of, shown_kinds, sound_of,
)  # fmt: skip
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, SEATS, Scene

NUMBERS = ("zero", "one", "two", "three", "four")
_OBJECT = INSTRUMENTS
_SEAT = tuple(SEATS)
_EDGE_SECONDS = 2.5  # what counts as the beginning and the end of a video


@dataclass(frozen=True)
class Template:
    """A question with placeholders.

    Attributes:
        category: name in `avqa_lit.categories`.
        text: words of the question, with placeholders such as ``<Object>``.
        ask: answer for a scene and the values of the placeholders, from left to right.
        values: what may stand for each placeholder.
    """

    category: str
    text: str
    ask: Callable[..., str | None]
    values: tuple[tuple[str, ...], ...] = ()


def _yes(claim: bool | None) -> str | None:
    return None if claim is None else "yes" if claim else "no"


def _both_heard(scene: Scene, one: str, other: str) -> str | None:
    heard = len({one, other} & heard_kinds(scene))
    return _yes(heard == 2) if heard else None


def _both_shown(scene: Scene, one: str, other: str) -> str | None:
    shown = len({one, other} & shown_kinds(scene))
    return _yes(shown == 2) if shown else None


def _the_most(scene: Scene, superlative: str) -> str | None:
    lead = most(scene.sounds, superlative) if is_clear(scene) else None
    return lead and lead.instrument


def _is_the_most(scene: Scene, instrument: str, superlative: str) -> str | None:
    lead = _the_most(scene, superlative)
    return _yes(lead == instrument) if lead and sound_of(scene, instrument) else None


def _is_louder(scene: Scene, one: str, other: str) -> str | None:
    first, second = sound_of(scene, one), sound_of(scene, other)
    return _yes(is_more(first, second, "loudest")) if first and second else None


def _number_of(scene: Scene, instrument: str) -> str:
    return NUMBERS[sum(performer.instrument == instrument for performer in scene.performers)]


def _who_is_at(scene: Scene, seat: str) -> str | None:
    performer = at(scene, seat)
    return performer and performer.instrument


def _where_is(scene: Scene, instrument: str) -> str | None:
    seat = seat_of(scene, instrument)
    return None if seat == OUTSIDE else seat


def _speaks_unseen(scene: Scene) -> str | None:
    return _yes(scene.speech is not None and scene.speaker is None)


def _shown_and_heard(scene: Scene, instrument: str) -> str | None:
    shown, heard = instrument in shown_kinds(scene), instrument in heard_kinds(scene)
    return _yes(shown and heard) if shown or heard else None


def _heard_unseen(scene: Scene, instrument: str) -> str | None:
    shown, heard = instrument in shown_kinds(scene), instrument in heard_kinds(scene)
    return _yes(heard and not shown) if shown or heard else None


def _shown_unheard(scene: Scene, instrument: str) -> str | None:
    shown, heard = instrument in shown_kinds(scene), instrument in heard_kinds(scene)
    return _yes(shown and not heard) if shown or heard else None


def _where_is_the(scene: Scene, superlative: str) -> str | None:
    lead = most(scene.sounds, superlative) if is_clear(scene) else None
    return lead and seat_of(scene, lead.instrument)


def _where_is_the_only(scene: Scene) -> str | None:
    playing = [performer.seat for performer in scene.performers if performer.sound]
    return playing[0] if len(playing) == 1 and len(scene.performers) > 1 and is_clear(scene) else None


def _sounds_at(scene: Scene, seat: str) -> str | None:
    performer = at(scene, seat)
    return _yes(performer.sound is not None) if performer and is_clear(scene) else None


def _number_playing(scene: Scene) -> str | None:
    return NUMBERS[sum(p.sound is not None for p in scene.performers)] if is_clear(scene) else None


def _number_silent(scene: Scene) -> str | None:
    return NUMBERS[sum(p.sound is None for p in scene.performers)] if is_clear(scene) else None


def _is_most_at(scene: Scene, seat: str, superlative: str) -> str | None:
    lead, performer = _the_most(scene, superlative), at(scene, seat)
    return _yes(performer.instrument == lead) if lead and performer else None


def _most_shown(scene: Scene, superlative: str) -> str | None:
    shown = tuple(performer.sound for performer in scene.performers if performer.sound)
    lead = most(shown, superlative) if is_clear(scene) else None
    return lead and lead.instrument


def _louder_of(scene: Scene, one: str, other: str) -> str | None:
    first, second = at(scene, one), at(scene, other)
    if not (first and second and first.sound and second.sound and is_clear(scene)):
        return None
    louder = is_more(first.sound, second.sound, "loudest")
    return None if louder is None else one if louder else other


def _plays_at_the(scene: Scene, seat: str, edge: str) -> str | None:
    performer = at(scene, seat)
    if not performer or not is_clear(scene):
        return None
    if performer.sound is None:
        return "no"
    start = 0.0 if edge == "beginning" else scene.duration - _EDGE_SECONDS
    return _yes(plays_at(performer.sound, start, start + _EDGE_SECONDS))


TEMPLATES = (
    Template("audio/counting", "How many kinds of instruments can be heard?", lambda s: NUMBERS[len(heard_kinds(s))]),
    Template("audio/counting", "Can one hear a <Object>?", lambda s, x: _yes(x in heard_kinds(s)), (_OBJECT,)),
    Template("audio/counting", "Can one hear both a <Object> and a <Object>?", _both_heard, (_OBJECT, _OBJECT)),
    Template(
        "audio/comparative", "Which of the instruments heard is the <Most>?", _the_most,
        (("loudest", "longest", "quickest"),),
    ),
    Template(
        "audio/comparative", "Of all that is heard, is the <Object> the <Most>?", _is_the_most,
        (_OBJECT, ("loudest", "longest", "quickest")),
    ),
    Template("audio/comparative", "Is the <Object> louder than the <Object>?", _is_louder, (_OBJECT, _OBJECT)),
    Template(
        "visual/counting", "How many instruments are in the picture?", lambda s: NUMBERS[len(s.performers)]
    ),
    Template("visual/counting", "Is a <Object> in the picture?", lambda s, x: _yes(x in shown_kinds(s)), (_OBJECT,)),
    Template(
        "visual/counting", "Are a <Object> and a <Object> both in the picture?", _both_shown, (_OBJECT, _OBJECT)
    ),
    Template("visual/counting", "How many players have a <Object>?", _number_of, (_OBJECT,)),
    Template(
        "visual/location", "Does the concert take place indoors or outdoors?",
        lambda s: "outdoor" if s.outdoor else "indoor",
    ),
    Template("visual/location", "Which instrument is on the <LR>?", _who_is_at, (_SEAT,)),
    Template("visual/location", "Where in the picture is the <Object>?", _where_is, (_OBJECT,)),
    Template(
        "visual/location", "Which instrument is the next to the <LR> of the <Object>?", neighbour,
        (("left", "right"), _OBJECT),
    ),
    Template("audio_visual/existential", "Does somebody speak who is not in the picture?", _speaks_unseen),
    Template("audio_visual/existential", "Is there a <Object> both in sight and in hearing?", _shown_and_heard, (_OBJECT,)),
    Template("audio_visual/existential", "Is a <Object> heard that is out of sight?", _heard_unseen, (_OBJECT,)),
    Template("audio_visual/existential", "Is a <Object> in sight that stays silent?", _shown_unheard, (_OBJECT,)),
    Template(
        "audio_visual/location", "Where does the <Most> sound come from?", _where_is_the,
        (("loudest", "longest", "quickest"),),
    ),
    Template("audio_visual/location", "Where is the only one in the picture that plays?", _where_is_the_only),
    Template("audio_visual/location", "Does the instrument on the <LR> make a sound?", _sounds_at, (_SEAT,)),
    Template("audio_visual/counting", "How many of the instruments in the picture play?", _number_playing),
    Template("audio_visual/counting", "How many of the instruments in the picture are silent?", _number_silent),
    Template(
        "audio_visual/counting", "How many instruments are heard from outside the picture?",
        lambda s: ("one" if s.offscreen else "zero") if is_clear(s) else None,
    ),
    Template(
        "audio_visual/comparative", "Is the instrument on the <LR> the <Most> of all?", _is_most_at,
        (_SEAT, ("loudest", "longest", "quickest")),
    ),
    Template(
        "audio_visual/comparative", "Which of the instruments in the picture is the <Most>?", _most_shown,
        (("loudest", "longest", "quickest"),),
    ),
    Template(
        "audio_visual/comparative", "Which plays louder, the one on the <LR> or the one on the <LR>?", _louder_of,
        (_SEAT, _SEAT),
    ),
    Template(
        "audio_visual/temporal", "Where is the instrument that is heard <FL>?", _where_is_the, (("first", "last"),)
    ),
    Template(
        "audio_visual/temporal", "Which of the instruments in the picture is heard <FL>?", _most_shown,
        (("first", "last"),),
    ),
    Template(
        "audio_visual/temporal", "Does the instrument on the <LR> play at the <BE>?", _plays_at_the,
        (_SEAT, ("beginning", "end")),
    ),
)  # fmt: skip
