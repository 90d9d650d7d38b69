"""Which videos have features, and what to do about those that lack some."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from avqa_lit.batch import Modality
from avqa_lit.data.annotated import annotated_in_store
from avqa_lit.data.annotations import Question
from avqa_lit.data.feature_folder import FeatureFolder
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.views import CLEAN
from avqa_lit.errors import DataError

SHOWN = 5


@dataclass(frozen=True)
class Presence:
    """Ids of sounds and videos that have features.

    Attributes:
        ids: by view, the clean one among them, and by track; a view has the tracks that it has a folder of.
        file: place of the features of an id, for messages, by view, track and id.
        suggested: what the folder of a track holds instead of the features of these ids, for messages.
    """

    ids: Mapping[str, Mapping[str, Collection[str]]]
    file: Callable[[str, str, str], str]
    suggested: Callable[[str, Collection[str]], str]

    def check(
        self,
        questions: Mapping[str, Sequence[Question]],
        tracks: Mapping[str, Modality],
        *,
        may_lack: bool,
    ) -> None:
        """Refuse questions without features in these tracks, and views that lack features of a video.

        Args:
            questions: of each split.
            tracks: modality of each track that is needed.
            may_lack: questions without clean features are left out later; in a view that has some features of
                a track, the clean ones stand in for those that it lacks.

        Raises:
            DataError: how many are missing, and the first of them.
        """
        if not may_lack:
            self._check_clean(questions, tracks)
        for view in self.ids:
            if view != CLEAN:
                self._check_view(view, questions, tracks, may_lack=may_lack)

    def _check_clean(
        self, questions: Mapping[str, Sequence[Question]], tracks: Mapping[str, Modality]
    ) -> None:
        lacking = [
            (split, question, track, identity_of(question, modality))
            for split, rows in questions.items()
            for question in rows
            for track, modality in tracks.items()
            if identity_of(question, modality) not in self.ids[CLEAN][track]
        ]
        if lacking:
            first = "".join(
                f"\n  {split} row {question.row} (question_id {question.question_id}): "
                f"{self.file(CLEAN, track, identity)}"
                for split, question, track, identity in lacking[:SHOWN]
            )
            number = len({(split, question.row) for split, question, _, _ in lacking})
            raise DataError(
                f"{number} of {sum(map(len, questions.values()))} questions lack a feature file; extract it, "
                f"or leave these questions out with data.missing=drop:{first}"
                f"{self._suggestions(questions, tracks)}"
            )

    def _suggestions(
        self, questions: Mapping[str, Sequence[Question]], tracks: Mapping[str, Modality]
    ) -> str:
        """What the folders hold of tracks that have features of no question."""
        needed = {track: _identities(questions, modality) for track, modality in tracks.items()}
        return "".join(
            f"\n  {self.suggested(track, identities)}"
            for track, identities in needed.items()
            if not any(identity in self.ids[CLEAN][track] for identity in identities)
        )

    def _check_view(
        self,
        view: str,
        questions: Mapping[str, Sequence[Question]],
        tracks: Mapping[str, Modality],
        *,
        may_lack: bool,
    ) -> None:
        needed = [
            (track, identity)
            for track, modality in tracks.items()
            if track in self.ids[view]
            for identity in _identities(questions, modality)
            if identity in self.ids[CLEAN][track]
        ]
        lacking = [(track, identity) for track, identity in needed if identity not in self.ids[view][track]]
        if lacking and not (may_lack and len(lacking) < len(needed)):
            remedy = ", or use the clean ones with data.missing=drop" if len(lacking) < len(needed) else ""
            first = "".join(f"\n  {self.file(view, track, identity)}" for track, identity in lacking[:SHOWN])
            raise DataError(
                f"data.views.{view}: {len(lacking)} of {len(needed)} feature files are missing; "
                f"extract them{remedy}:{first}"
            )


def presence_in_folders(
    clean: Mapping[str, FeatureFolder], views: Mapping[str, Mapping[str, FeatureFolder]]
) -> Presence:
    """Ids that have a feature file."""
    folders = {CLEAN: clean, **views}
    return Presence(
        {view: {track: folder.ids() for track, folder in tracks.items()} for view, tracks in folders.items()},
        lambda view, track, identity: folders[view][track].where(identity),
        lambda track, identities: clean[track].suggested(identities),
    )


def presence_in_store(
    store: FeatureStore,
    clean: Mapping[str, FeatureFolder],
    views: Mapping[str, Mapping[str, FeatureFolder]],
) -> Presence:
    """Ids that have features in the opened tracks of a store, which was packed from these folders."""
    folders = {CLEAN: clean, **views}
    return Presence(
        {
            view: {
                name: track.ids_of_view(store.views.index(view))
                for name, track in store.tracks.items()
                if name in tracks
            }
            for view, tracks in folders.items()
        },
        lambda view, track, identity: folders[view][track].where(identity),
        lambda track, identities: clean[track].suggested(identities),
    )


def questions_in_store(store: FeatureStore) -> dict[str, Sequence[Question]]:
    """Questions of every split of a store."""
    return {split: annotated_in_store(store, split).asked for split in store.splits}


def identity_of(question: Question, modality: Modality) -> str:
    """The id that names the feature files of a question's clip in a track of a modality."""
    return question.audio_id if modality == "audio" else question.video_id


def _identities(questions: Mapping[str, Iterable[Question]], modality: Modality) -> list[str]:
    return list(
        dict.fromkeys(identity_of(question, modality) for rows in questions.values() for question in rows)
    )
