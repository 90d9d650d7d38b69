"""What can be asked about a concert; every template belongs to a category of MUSIC-AVQA."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from avqa_lit.data.synthetic import answers
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, SEATS
from avqa_lit.taxonomy import MUSIC_AVQA

TAXONOMY = MUSIC_AVQA

_OBJECT = INSTRUMENTS
_SEAT = tuple(SEATS)
_MOST = ("loudest", "longest", "quickest")


@dataclass(frozen=True)
class Template:
    """A question with placeholders.

    Attributes:
        category: name in `TAXONOMY`.
        text: words of the question, with placeholders such as ``<Object>``.
        ask: answer for a scene and the values of the placeholders, from left to right; reads nothing else.
        values: what may stand for each placeholder.
        hints: what may give the answer away to somebody who only hears, or only sees; among questions with
            the same hint, no answer becomes usual.
    """

    category: str
    text: str
    ask: Callable[..., str | None]
    values: tuple[tuple[str, ...], ...] = ()
    hints: tuple[Callable[..., Hashable], ...] = ()


_NUMBERS = (answers.heard_number, answers.shown_number)

TEMPLATES = (
    Template("audio/counting", "How many kinds of instruments can be heard?", answers.number_heard),
    Template("audio/counting", "Can one hear a <Object>?", answers.is_heard, (_OBJECT,)),
    Template(
        "audio/counting",
        "Can one hear both a <Object> and a <Object>?",
        answers.both_heard,
        (_OBJECT, _OBJECT),
    ),
    Template(
        "audio/comparative", "Which of the instruments heard is the <Most>?", answers.which_is_the, (_MOST,)
    ),
    Template(
        "audio/comparative",
        "Is the <Object> louder than the <Object>?",
        answers.is_louder,
        (_OBJECT, _OBJECT),
    ),
    Template("visual/counting", "How many instruments are in the picture?", answers.number_shown),
    Template("visual/counting", "Is a <Object> in the picture?", answers.is_shown, (_OBJECT,)),
    Template(
        "visual/counting",
        "Are a <Object> and a <Object> both in the picture?",
        answers.both_shown,
        (_OBJECT, _OBJECT),
    ),
    Template("visual/counting", "How many players have a <Object>?", answers.number_of, (_OBJECT,)),
    Template(
        "visual/location",
        "Does the concert take place indoors or outdoors?",
        answers.indoor_or_outdoor,
    ),
    Template("visual/location", "Which instrument is on the <LR>?", answers.which_is_at, (_SEAT,)),
    Template("visual/location", "Where in the picture is the <Object>?", answers.where_is, (_OBJECT,)),
    Template(
        "visual/location",
        "Which instrument is next to the <LR> of the <Object>?",
        answers.next_to,
        (("left", "right"), _OBJECT),
    ),
    Template(
        "audio_visual/existential", "Does somebody speak who is not in the picture?", answers.speaks_unseen
    ),
    Template(
        "audio_visual/existential",
        "Is there a <Object> both in sight and in hearing?",
        answers.has_status(True, True),
        (_OBJECT,),
    ),
    Template(
        "audio_visual/existential",
        "Is a <Object> heard that is out of sight?",
        answers.has_status(False, True),
        (_OBJECT,),
    ),
    Template(
        "audio_visual/existential",
        "Is a <Object> in sight that stays silent?",
        answers.has_status(True, False),
        (_OBJECT,),
    ),
    Template(
        "audio_visual/location", "Where does the <Most> sound come from?", answers.where_comes_from, (_MOST,)
    ),
    Template(
        "audio_visual/location", "Where is the only one in the picture that plays?", answers.where_is_the_only
    ),
    Template(
        "audio_visual/location",
        "Does the instrument on the <LR> make a sound?",
        answers.plays,
        (_SEAT,),
        _NUMBERS,
    ),
    Template(
        "audio_visual/counting",
        "How many of the instruments in the picture play?",
        answers.number_playing,
        (),
        _NUMBERS,
    ),
    Template(
        "audio_visual/counting",
        "How many of the instruments in the picture are silent?",
        answers.number_silent,
        (),
        _NUMBERS,
    ),
    Template(
        "audio_visual/counting",
        "How many instruments are heard from outside the picture?",
        answers.number_outside,
        (),
        _NUMBERS,
    ),
    Template(
        "audio_visual/comparative",
        "Is the instrument on the <LR> the <Most> of all?",
        answers.is_the_most,
        (_SEAT, _MOST),
        _NUMBERS,
    ),
    Template(
        "audio_visual/comparative",
        "Where in the picture is the <Most> instrument?",
        answers.where_in_picture,
        (_MOST,),
    ),
    Template(
        "audio_visual/comparative",
        "Which plays louder, the one on the <LR> or the one on the <LR>?",
        answers.louder_of,
        (_SEAT, _SEAT),
    ),
    Template(
        "audio_visual/temporal",
        "Where is the instrument that is heard <FL>?",
        answers.where_comes_from,
        (("first", "last"),),
    ),
    Template(
        "audio_visual/temporal",
        "Where is the instrument in the picture that plays <FL>?",
        answers.where_in_picture,
        (("first", "last"),),
    ),
    Template(
        "audio_visual/temporal",
        "Does the instrument on the <LR> play at the <BE>?",
        answers.plays_at_the,
        (_SEAT, ("beginning", "end")),
        (answers.heard_at_the, answers.shown_number),
    ),
)
