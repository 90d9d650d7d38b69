"""Questions of one split, and those of train where they are at hand: all that scoring needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from avqa_lit.data.annotations import Question
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.vocabulary import Vocabulary
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import Taxonomy


@dataclass(frozen=True)
class Annotated:
    """What is asked in a split, and what the train split knows, without any feature.

    Attributes:
        where: folder of the annotations, or of the store.
        checksum: SHA-256 of the annotations, or of the store.
        split: the split that is asked.
        train: questions of the train split, on which the prior rests; None where they are not at hand.
        asked: questions of `split` in the order of their rows.
        taxonomy: the categories that the questions fall into.
        train_name: file of the train split, or the name of the split in a store.
        no_train: why `train` is None; empty where it is not.
        dropped: questions of `split` that a store left out for want of features.
    """

    where: Path
    checksum: str
    split: str
    train: Sequence[Question] | None
    asked: Sequence[Question]
    taxonomy: Taxonomy
    train_name: str = "train"
    no_train: str = ""
    dropped: int = 0

    @cached_property
    def train_answers(self) -> Vocabulary:
        """Answers of the train split in order of first appearance; empty without train."""
        return Vocabulary.from_iterable(question.answer for question in self.train or ())

    @cached_property
    def known_answers(self) -> Vocabulary:
        """Answers that can be right or at least occur: those of train, then those of the split itself."""
        own = (question.answer for question in self.asked)
        return Vocabulary.from_iterable((*self.train_answers.tokens, *own))


def shared_questions(data: Annotated) -> int:
    """Number of questions of the split that stand in train as well, which therefore gives their answers away.

    Two rows are one question if they agree in id, videos and text. The id counts, since the official splits
    ask the same of one video now and then, under another id.
    """
    train = {_identity(question) for question in data.train or ()}
    return sum(_identity(question) in train for question in data.asked)


def _identity(question: Question) -> tuple[str | None, str, str, str]:
    return question.question_id, question.video_id, question.audio_id, question.text


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
        taxonomy=store.taxonomy,
        dropped=store.dropped[split],
    )


def check_split(split: str, splits: Sequence[str], *, where: Path) -> None:
    """Refuse the name of a split that does not exist.

    Raises:
        DataError: with the names that exist.
    """
    if split not in splits:
        raise DataError(f"{where}: no {split} split; it has {', '.join(splits)}")


def _questions(store: FeatureStore, split: str) -> list[Question]:
    table = store.splits[split]
    heard = store.clip_entry["audio"][table.clip].tolist()
    columns = (table.row, table.category, table.template, table.text, table.answer)
    return [
        Question(
            row=row,
            question_id=table.question_id[place],
            video_id=table.video_id[place],
            audio_id=store.ids["audio"][heard[place]],
            category=category,
            template=store.templates[template],
            text=store.texts[text],
            answer=store.labels[answer],
        )
        for place, (row, category, template, text, answer) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]
