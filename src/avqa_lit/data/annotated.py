"""Questions of one split beside those of train, without any feature: all that scoring needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from avqa_lit.data.annotations import Question
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.vocabulary import Vocabulary
from avqa_lit.errors import DataError


@dataclass(frozen=True)
class Annotated:
    """What is asked in a split, and what the train split knows.

    Attributes:
        where: folder of the annotations, or of the store.
        checksum: SHA-256 of the annotations, or of the store.
        split: the split that is asked.
        train: questions of the train split, on which prior and vocabulary rest.
        asked: questions of `split` in the order of their rows.
        dropped: questions of `split` that a store left out for want of features.
    """

    where: Path
    checksum: str
    split: str
    train: Sequence[Question]
    asked: Sequence[Question]
    dropped: int = 0

    @cached_property
    def answers(self) -> Vocabulary:
        """Answers of the train split."""
        return Vocabulary.from_iterable(question.answer for question in self.train)


def annotated_in_store(store: FeatureStore, split: str) -> Annotated:
    """Questions as a store keeps them.

    Raises:
        DataError: the store has no such split.
    """
    check_split(split, tuple(store.splits), where=store.path)
    return Annotated(
        where=store.path,
        checksum=store.checksum,
        split=split,
        train=_questions(store, "train"),
        asked=_questions(store, split),
        dropped=store.dropped[split],
    )


def check_split(split: str, splits: Sequence[str], *, where: Path) -> None:
    """Refuse the name of a split that is none.

    Raises:
        DataError: with the names that are.
    """
    if split not in splits:
        raise DataError(f"{where}: no {split} split; it has {', '.join(splits)}")


def _questions(store: FeatureStore, split: str) -> list[Question]:
    table = store.splits[split]
    heard = store.clip_audio[table.clip].tolist()
    columns = (table.row, table.category, table.template, table.text, table.answer)
    return [
        Question(
            row=row,
            question_id=table.question_id[place],
            video_id=table.video_id[place],
            audio_id=store.audio.ids[heard[place]],
            category=category,
            template=store.templates[template],
            text=store.texts[text],
            answer=store.labels[answer],
        )
        for place, (row, category, template, text, answer) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]
