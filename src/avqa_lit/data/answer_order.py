"""Which column of a file is the truth, what its answer numbers mean, and whether it contradicts itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_coverage import question_name, shown
from avqa_lit.data.given_answer import GivenAnswer, whole_number
from avqa_lit.errors import DataError

Value = str | int
TruthColumn = Literal[3, 4]


@dataclass(frozen=True)
class NamedAnswers:
    """The answer to each question of a split, as text.

    Attributes:
        answers: in the order of the split.
        order: name of each number; None where the file has words.
        truth_column: which column of a published file is the truth, 3 or 4; None for other forms.
        remarks: what a user has to know of how the file was read.
    """

    answers: tuple[str, ...]
    order: Mapping[int, str] | None
    truth_column: TruthColumn | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Fit:
    """How well a column of values agrees with the annotated answers.

    Attributes:
        names: answer that each value stands for, one to one.
        agreeing: rows whose value stands for the annotated answer.
    """

    names: Mapping[Value, str]
    agreeing: int


def named_answers(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> NamedAnswers:
    """Answers as text, after a look at whether the file contradicts itself or the annotations.

    Files with a truth in each row need no train file: the truths and the annotations together tell which
    number stands for which answer, and in lines of the published form, which of the two columns is the truth.
    A number that never occurs among the truths has no name then, and is wrong. Files that number their
    answers and tell no truths are read in the order of the train split.

    Args:
        path: the file, for messages.
        given: one answer a question, in the order of the split.
        data: the questions.

    Raises:
        DataError: a True or False that the values beside it belie, a truth that is not the annotated one,
            numbers and words in one file, or numbers without truths and without a train split.
    """
    _check_marks(path, given)
    given = _of_one_kind(path, given)
    if any(row.truth is None for row in given):
        if any(row.truth is not None for row in given):
            without = next(row.place for row in given if row.truth is None)
            raise DataError(f"predictions={path}, {without}: no truth, though other rows have one")
        return _without_truths(path, given, data)
    truths = _fit([row.truth for row in given if row.truth is not None], data)
    column: TruthColumn | None = None
    remarks = []
    if all(row.is_right is not None for row in given):
        other = _fit([row.answer for row in given], data)
        column = 4 if other.agreeing > truths.agreeing else 3
        if column == 4:
            given, truths = [_swapped(row) for row in given], other
        remarks.append(
            f"column {column} is the truth and column {7 - column} the prediction: the annotations agree "
            f"with column {column} in {truths.agreeing:,} of {len(given):,} rows"
        )
    _check_truths(path, given, data, truths)
    if isinstance(given[0].answer, str):
        return NamedAnswers(tuple(str(row.answer) for row in given), None, column, tuple(remarks))
    order, source = _order(truths.names, data)
    remarks.append(f"answers are numbers, named by {source}")
    return _by_number(given, order, column, remarks)


def _check_marks(path: Path, given: Sequence[GivenAnswer]) -> None:
    belied = [
        f"{row.place} says {row.is_right} with {row.truth} beside {row.answer}"
        for row in given
        if row.is_right is not None and row.is_right != (row.answer == row.truth)
    ]
    if belied:
        raise DataError(
            f"predictions={path}: {len(belied)} answers contradict their own True or False: {shown(belied)}; "
            "write the file again"
        )


def _of_one_kind(path: Path, given: Sequence[GivenAnswer]) -> Sequence[GivenAnswer]:
    """The rows, with digits as numbers where each answer and each truth is in digits."""
    if all(_is_number(row.answer) and _is_number(row.truth) for row in given):
        return [replace(row, answer=int(row.answer), truth=int(row.truth or 0)) for row in given]
    numbers = [row for row in given if isinstance(row.answer, int) or isinstance(row.truth, int)]
    words = [row for row in given if isinstance(row.answer, str) or isinstance(row.truth, str)]
    if numbers and words:
        fewer = min(numbers, words, key=len)
        raise DataError(
            f"predictions={path}: numbers in {len(numbers):,} rows and words in {len(words):,}: "
            f"{shown(f'{row.place} has {row.answer!r}' for row in fewer)}; a file has either"
        )
    return given


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int) or (value is not None and whole_number(value) is not None)


def _without_truths(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> NamedAnswers:
    if isinstance(given[0].answer, str):
        return NamedAnswers(tuple(str(row.answer) for row in given), None, None, ())
    if data.train is None:
        raise DataError(
            f"predictions={path}: numbers its answers, but tells no truths that would name them, and there "
            f"are no train questions whose order could ({data.no_train}); write words, or the truths beside "
            "them"
        )
    remark = (
        f"answers are numbers, named in the order in which they first appear in the train split "
        f"({data.train_name}); the file has no truths that could confirm it"
    )
    return _by_number(given, dict(enumerate(data.train_answers.tokens)), None, [remark])


def _by_number(
    given: Sequence[GivenAnswer], order: Mapping[int, str], column: TruthColumn | None, remarks: Sequence[str]
) -> NamedAnswers:
    names = tuple(order.get(int(row.answer), f"answer {row.answer}") for row in given)
    nameless = Counter(int(row.answer) for row in given if row.answer not in order)
    told = [
        f"number {number} has no name: {count:,} answers with it count as wrong"
        for number, count in nameless.most_common()
    ]
    return NamedAnswers(names, order, column, (*remarks, *told))


def _swapped(row: GivenAnswer) -> GivenAnswer:
    return row if row.truth is None else replace(row, answer=row.truth, truth=row.answer)


def _fit(values: Sequence[Value], data: Annotated) -> _Fit:
    """Words stand for themselves; numbers for the answers that they go with most often, one to one."""
    pairs = Counter(zip(values, (question.answer for question in data.asked), strict=True))
    names: dict[Value, str] = {}
    taken: set[str] = set()
    for (value, answer), _ in pairs.most_common():
        if isinstance(value, str):
            names[value] = value
        elif value not in names and answer not in taken:
            names[value] = answer
            taken.add(answer)
    return _Fit(names, sum(count for (value, answer), count in pairs.items() if names.get(value) == answer))


def _check_truths(path: Path, given: Sequence[GivenAnswer], data: Annotated, truths: _Fit) -> None:
    if truths.agreeing == len(given):
        return
    wrong = []
    for row, question in zip(given, data.asked, strict=True):
        name = None if row.truth is None else truths.names.get(row.truth)
        if name != question.answer:
            taken = repr(row.truth) if row.truth == name else f"answer {row.truth}, {name!r},"
            asked = question_name(question)
            wrong.append(f"{row.place} takes {taken} for the truth of {asked}, which is {question.answer!r}")
    raise DataError(
        f"predictions={path}: {len(wrong):,} of {len(given):,} truths are not those of {data.split} in "
        f"{data.where}: {shown(wrong)}; score with the annotations that were answered "
        f"(data.annotations.{data.split}=FILE)"
    )


def _order(names: Mapping[Value, str], data: Annotated) -> tuple[Mapping[int, str], str]:
    """Name of each number, and where it is from; train adds names where its order is the file's own."""
    own = {int(number): name for number, name in names.items()}
    train = dict(enumerate(data.train_answers.tokens))
    if train and all(train.get(number) == name for number, name in own.items()):
        return train, f"the truths of the file, in the order of the train split ({data.train_name})"
    return own, f"the truths of the file ({len(own)} of them occur)"
