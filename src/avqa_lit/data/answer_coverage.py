"""Each question of a split with the one answer that a file gives to it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.data.given_answer import GivenAnswer
from avqa_lit.data.question_lookup import QuestionLookup
from avqa_lit.errors import DataError

SHOWN = 5


def answers_in_order(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> list[GivenAnswer]:
    """The answer to each question of the split, in the order of the split.

    A question is known by its row. Its question_id will do where one row alone has it, or with the text of
    the question where several have; so will its video with the text.

    Raises:
        DataError: an answer to no question of the split, to one that is answered already, or to one that the
            file does not tell from others; a row with another id; a question without an answer.
    """
    rows = _rows(path, given, data)
    answered: dict[int, GivenAnswer] = {}
    twice = []
    for one, row in zip(given, rows, strict=True):
        if row in answered:
            twice.append(f"{one.name} in {answered[row].place} and {one.place}")
        answered.setdefault(row, one)
    if twice:
        raise DataError(
            f"predictions={path}: {len(twice)} answers are to questions that have one already: "
            f"{shown(twice)}; give one answer to each question"
        )
    missing = [question for question in data.asked if question.row not in answered]
    if missing:
        raise DataError(
            f"predictions={path}: answers {len(answered):,} of the {len(data.asked):,} questions of "
            f"{data.split}; no answer to {shown(map(question_name, missing))}; every question of the split "
            "has to be answered, or name the split that is, with split=NAME"
        )
    return [answered[question.row] for question in data.asked]


def question_name(question: Question) -> str:
    """Where a question stands, and its id.

    Example:
        >>> question_name(Question(3, "17", "v", "v", 0, "", "", ""))
        'row 3 (question_id 17)'
    """
    return f"row {question.row}" + (f" (question_id {question.question_id})" if question.question_id else "")


def shown(items: Iterable[str]) -> str:
    """The first few of many.

    Example:
        >>> shown("abcdefgh")
        'a, b, c, d, e and 3 more'
    """
    items = list(items)
    rest = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _rows(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> list[int]:
    """Row of the question that each answer is to."""
    lookup = QuestionLookup(data.asked)
    found = [lookup.rows(answer) for answer in given]
    unknown = [
        f"{answer.name} in {answer.place}" for answer, rows in zip(given, found, strict=True) if not rows
    ]
    if unknown:
        _refuse_unknown(path, unknown, data)
    several = {answer.name: rows for answer, rows in zip(given, found, strict=True) if len(rows) > 1}
    if several:
        told = (f"{name} (rows {', '.join(map(str, rows))})" for name, rows in several.items())
        raise DataError(
            f"predictions={path}: {len(several)} names of questions stand in more than one row of "
            f"{data.split}: {shown(told)}; name the questions by row, from 0 in the order of the annotation "
            "file"
        )
    torn = [text for answer in given if (text := lookup.contradiction(answer))]
    if torn:
        raise DataError(
            f"predictions={path}: {len(torn)} answers name a row and a question_id that do not belong "
            f"together: {shown(torn)}; the file answers another split or other annotations"
        )
    return [row for (row,) in found]


def _refuse_unknown(path: Path, unknown: Sequence[str], data: Annotated) -> None:
    dropped = (
        f"; the store left out {data.dropped} questions for want of features, with data.raw=DIR they count"
        if data.dropped
        else ""
    )
    nameless = sum(question.question_id is None for question in data.asked)
    by_row = f"; {nameless} questions there have no question_id, name them by row" if nameless else ""
    raise DataError(
        f"predictions={path}: {len(unknown)} answers are to questions that {data.split} of {data.where} "
        f"has not: {shown(unknown)}; choose the split with split=NAME, and the annotations that were "
        f"answered with data.annotations.{data.split}=FILE{by_row}{dropped}"
    )
