"""Names of the answers that a file numbers, and what a file says that cannot be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_coverage import question_name, shown
from avqa_lit.data.answer_file import GivenAnswer
from avqa_lit.errors import DataError


@dataclass(frozen=True)
class NamedAnswers:
    """The answer to each question of a split, as text.

    Attributes:
        answers: in the order of the split.
        own_order: whether the file numbers its answers in another order than that of the train split.
    """

    answers: tuple[str, ...]
    own_order: bool


def named_answers(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> NamedAnswers:
    """Answers as text, after a look at whether the file contradicts itself or the annotations.

    Published files number answers in the order of the train split. Where the truths of a file tell that its
    order is another, one name for each number and one number for each name, that order is taken.

    Args:
        path: the file, for messages.
        given: one answer a question, in the order of the split.
        data: the questions.

    Raises:
        DataError: a True or False that the indices beside it belie, or a truth that is not the annotated one.
    """
    _check_marks(path, given)
    order, own_order = _order(given, data)
    wrong = []
    for one, question in zip(given, data.asked, strict=True):
        truth = order.get(one.truth) if isinstance(one.truth, int) else one.truth
        if one.truth is not None and truth != question.answer:
            taken = f"answer {one.truth}, {truth!r}," if isinstance(one.truth, int) else f"{truth!r}"
            asked = question_name(question)
            wrong.append(f"{one.place} takes {taken} for the truth of {asked}, which is {question.answer!r}")
    if wrong:
        raise DataError(
            f"predictions={path}: {len(wrong)} truths are not those of {data.split} in {data.where}: "
            f"{shown(wrong)}; score with the annotations that were answered, and the train file whose "
            "answers the program numbered (data.annotations.train=FILE)"
        )
    names = [
        one.answer if isinstance(one.answer, str) else order.get(one.answer, f"answer {one.answer}")
        for one in given
    ]
    return NamedAnswers(tuple(names), own_order)


def _check_marks(path: Path, given: Sequence[GivenAnswer]) -> None:
    belied = [
        f"{one.place} says {one.is_right} with prediction {one.answer} and truth {one.truth}"
        for one in given
        if one.is_right is not None and one.is_right != (one.answer == one.truth)
    ]
    if belied:
        raise DataError(
            f"predictions={path}: {len(belied)} answers contradict their own True or False: {shown(belied)}; "
            "write the file again"
        )


def _order(given: Sequence[GivenAnswer], data: Annotated) -> tuple[Mapping[int, str], bool]:
    """Name of each index, and whether the file's own truths had to tell it."""
    train = dict(enumerate(data.answers.tokens))
    pairs = Counter(
        (one.truth, question.answer)
        for one, question in zip(given, data.asked, strict=True)
        if isinstance(one.truth, int)
    )
    if all(train.get(index) == name for index, name in pairs):
        return train, False
    own: dict[int, str] = {}
    for (index, name), _ in pairs.most_common():
        if index not in own and name not in own.values():
            own[index] = name
    agreeing = sum(train.get(index) == name for index, name in own.items())
    # Torn from one line to the next, it is no order: tell the contradictions to the nearer of the two.
    return (own, True) if len(own) == len(pairs) or 2 * agreeing < len(own) else (train, False)
