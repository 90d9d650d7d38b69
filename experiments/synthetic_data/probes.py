"""Linear probes: what can be read off a modality's features by logistic or ridge regression.

Every probe is fitted on the train videos and scored on the test videos, beside what guessing gives.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from avqa_lit.data.synthetic.concerts import Video
from avqa_lit.data.synthetic.encoders import AUDIO_SECONDS
from avqa_lit.data.synthetic.scenes import INSTRUMENTS, Performer, Sound

Pair = tuple[np.ndarray, Any]  # features and what shall be read off them
Pairs = Callable[[Video, str], Iterator[Pair]]
Score = dict[str, Any]


def classifier() -> Any:
    """Logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))


def table(pairs: Pairs, videos: list[Video], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of some videos, as float32 features and their targets."""
    features, targets = zip(*(pair for video in videos for pair in pairs(video, kind)), strict=True)
    return np.stack(features).astype(np.float32), np.array(targets)


def claim(pairs: Pairs, train: list[Video], test: list[Video], kinds: tuple[str, ...] = INSTRUMENTS) -> Score:
    """Area under the ROC curve of a claim, mean over instruments."""
    values = []
    for kind in kinds:
        features, truth = table(pairs, test, kind)
        model = classifier().fit(*table(pairs, train, kind))
        values.append(roc_auc_score(truth, model.predict_proba(features)[:, 1]))
    return {"measure": "ROC AUC", "value": float(np.mean(values)), "guessing": 0.5}


def scene_claim(pairs: Pairs, train: list[Video], test: list[Video]) -> Score:
    """The same for a claim that is not about an instrument."""
    return claim(pairs, train, test, kinds=("",))


def choice(pairs: Pairs, train: list[Video], test: list[Video]) -> Score:
    """Accuracy of a choice, mean over instruments; guessing takes the most frequent of train."""
    values, guesses = [], []
    for kind in INSTRUMENTS:
        known, (features, truth) = table(pairs, train, kind), table(pairs, test, kind)
        for model, scores in ((classifier(), values), (DummyClassifier(), guesses)):
            scores.append(accuracy_score(truth, model.fit(*known).predict(features)))
    return {"measure": "accuracy", "value": float(np.mean(values)), "guessing": float(np.mean(guesses))}


def amount(pairs: Pairs, train: list[Video], test: list[Video]) -> Score:
    """Explained variance of a number, mean over instruments."""
    values = []
    for kind in INSTRUMENTS:
        features, truth = table(pairs, test, kind)
        model = make_pipeline(StandardScaler(), Ridge()).fit(*table(pairs, train, kind))
        values.append(r2_score(truth, model.predict(features)))
    return {"measure": "R squared", "value": float(np.mean(values)), "guessing": 0.0}


def onset(train: list[Video], test: list[Video]) -> Score:
    """Mean error in seconds of the first row in which the row probe hears an instrument that is heard."""
    errors, guesses = [], []
    for kind in INSTRUMENTS:
        model = classifier().fit(*table(sounding_rows, train, kind))
        usual = np.median([sound.onset for video in train if (sound := sound_of(video, kind))])
        for video in test:
            if sound := sound_of(video, kind):
                rows = model.predict(video.audio.astype(np.float32))
                errors.append(abs(AUDIO_SECONDS * float(np.argmax(rows)) - sound.onset))
                guesses.append(abs(usual - sound.onset))
    return {
        "measure": "mean error, seconds",
        "value": float(np.mean(errors)),
        "guessing": float(np.mean(guesses)),
    }


def sound_of(video: Video, kind: str) -> Sound | None:
    """What an instrument plays, where one of its kind does."""
    sounds = [sound for sound in video.scene.sounds if sound.instrument == kind]
    return sounds[0] if len(sounds) == 1 else None


def performer_of(video: Video, kind: str) -> Performer | None:
    """Who shows this instrument, where one does."""
    performers = [one for one in video.scene.performers if one.instrument == kind]
    return performers[0] if len(performers) == 1 else None


def whole(track: np.ndarray) -> np.ndarray:
    """A track as one vector, its patches side by side: the mean over time."""
    return track.astype(np.float32).mean(axis=0).ravel()


def shares(video: Video, kind: str) -> np.ndarray:
    """Share of each audio row during which an instrument sounds."""
    starts = AUDIO_SECONDS * np.arange(len(video.audio))
    sounds = [sound for sound in video.scene.sounds if sound.instrument == kind]
    return np.array([max((one.share(t, t + AUDIO_SECONDS) for one in sounds), default=0.0) for t in starts])


def sounding_rows(video: Video, kind: str) -> Iterator[Pair]:
    """Audio rows, and whether an instrument sounds in them; rows in which it comes or goes are left out."""
    for row, share in zip(video.audio, shares(video, kind), strict=True):
        if share in (0.0, 1.0):
            yield row, share == 1.0


def _rows_of(quantity: Callable[[Sound], float]) -> Pairs:
    def pairs(video: Video, kind: str) -> Iterator[Pair]:
        if sound := sound_of(video, kind):
            for row, share in zip(video.audio, shares(video, kind), strict=True):
                if share == 1.0:
                    yield row, quantity(sound)

    return pairs


def _of_video(modality: str, truth: Callable[[Video, str], Any]) -> Pairs:
    """One pair a video; None is left out."""

    def pairs(video: Video, kind: str) -> Iterator[Pair]:
        if (target := truth(video, kind)) is not None:
            yield whole(getattr(video, modality)), target

    return pairs


def is_shown(video: Video, kind: str) -> bool:
    """Whether an instrument is in the picture."""
    return any(one.instrument == kind for one in video.scene.performers)


def seat(video: Video, kind: str) -> str | None:
    """Where the only player of this kind is."""
    performer = performer_of(video, kind)
    return performer.seat if performer else None


def seat_of_heard(video: Video, kind: str) -> str | None:
    """The same, where it is heard."""
    performer = performer_of(video, kind)
    return performer.seat if performer and performer.sound else None


def shown_one_sounds(video: Video, kind: str) -> bool | None:
    """Whether an instrument in the picture sounds."""
    performer = performer_of(video, kind)
    return performer.sound is not None if performer else None


def outdoor(video: Video, _: str) -> bool:
    """Whether the sky is above."""
    return video.scene.outdoor


def speaks(video: Video, _: str) -> bool:
    """Whether a voice is heard."""
    return video.scene.speech is not None


def speaker_shown(video: Video, _: str) -> bool:
    """Whether a speaker is in the picture."""
    return video.scene.speaker is not None


PRESENT: dict[str, Callable[[list[Video], list[Video]], Score]] = {
    "audio: does the instrument sound in this row": lambda a, b: claim(sounding_rows, a, b),
    "audio: when does it come in": onset,
    "audio: how loud is it": lambda a, b: amount(_rows_of(lambda sound: sound.loudness), a, b),
    "audio: how quick is its rhythm": lambda a, b: amount(_rows_of(lambda sound: sound.rhythm), a, b),
    "audio: does somebody speak": lambda a, b: scene_claim(_of_video("audio", speaks), a, b),
    "visual: is the instrument shown": lambda a, b: claim(_of_video("visual", is_shown), a, b),
    "visual: where is it": lambda a, b: choice(_of_video("visual", seat), a, b),
    "visual: is it outdoors": lambda a, b: scene_claim(_of_video("visual", outdoor), a, b),
    "visual: is a speaker shown": lambda a, b: scene_claim(_of_video("visual", speaker_shown), a, b),
}
ABSENT: dict[str, Callable[[list[Video], list[Video]], Score]] = {
    "audio: where is the instrument that sounds": lambda a, b: choice(
        _of_video("audio", seat_of_heard), a, b
    ),
    "audio: is it outdoors": lambda a, b: scene_claim(_of_video("audio", outdoor), a, b),
    "audio: is a speaker shown": lambda a, b: scene_claim(_of_video("audio", speaker_shown), a, b),
    "visual: does the shown instrument sound": lambda a, b: claim(
        _of_video("visual", shown_one_sounds), a, b
    ),
    "visual: does somebody speak": lambda a, b: scene_claim(_of_video("visual", speaks), a, b),
}
