"""Each question of a split with the one answer that a file gives to it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question, repeated_ids
from avqa_lit.data.answer_file import GivenAnswer
from avqa_lit.errors import DataError

SHOWN = 5


def answers_in_order(path: Path, given: Sequence[GivenAnswer], data: Annotated) -> list[GivenAnswer]:
    """The answer to each question of the split, in the order of the split.

    A question is known by its row; its question_id will do where it is in one row alone.

    Raises:
        DataError: an answer to no question of the split, to one that is answered already, or to one that its
            id does not tell from others; a row with another id; a question without an answer.
    """
    by_row = {question.row: question for question in data.asked}
    rows = _rows(path, given, data, by_row)
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


def _rows(
    path: Path, given: Sequence[GivenAnswer], data: Annotated, by_row: Mapping[int, Question]
) -> list[int]:
    """Row of the question that each answer is to."""
    by_id: dict[str | None, int] = {}
    if any(one.row is None for one in given):
        _check_ids(path, data)
        by_id = {question.question_id: question.row for question in data.asked}
    rows = [by_id.get(one.question_id) if one.row is None else one.row for one in given]
    known = [row for row in rows if row is not None and row in by_row]
    if len(known) < len(given):
        unknown = [
            f"{one.name} in {one.place}" for one, row in zip(given, rows, strict=True) if row not in by_row
        ]
        _refuse_unknown(path, unknown, data)
    torn = [
        f"{one.place} gives row {row} the question_id {one.question_id}, it has {by_row[row].question_id}"
        for one, row in zip(given, known, strict=True)
        if one.question_id not in (None, by_row[row].question_id)
    ]
    if torn:
        raise DataError(
            f"predictions={path}: {len(torn)} answers name a row and a question_id that do not belong "
            f"together: {shown(torn)}; the file answers another split or other annotations"
        )
    return known


def _refuse_unknown(path: Path, unknown: Sequence[str], data: Annotated) -> None:
    dropped = (
        f"; the store left out {data.dropped} questions for want of features, with data.raw=DIR they count"
        if data.dropped
        else ""
    )
    raise DataError(
        f"predictions={path}: {len(unknown)} answers are to questions that {data.split} of {data.where} "
        f"has not: {shown(unknown)}; choose the split with split=NAME, and the annotations that were "
        f"answered with data.annotations.{data.split}=FILE{dropped}"
    )


def _check_ids(path: Path, data: Annotated) -> None:
    """Refuse to score by ids that do not tell every question from all others."""
    by_row = "name the questions by row, from 0 in the order of the annotation file, not by question_id"
    repeated = repeated_ids(question.question_id for question in data.asked)
    if repeated:
        rows = (
            f"{identity} (rows {', '.join(str(data.asked[place].row) for place in places)})"
            for identity, places in repeated.items()
        )
        raise DataError(
            f"predictions={path}: {len(repeated)} question_ids stand in more than one row of {data.split}: "
            f"{shown(rows)}; {by_row}"
        )
    without = [question_name(question) for question in data.asked if question.question_id is None]
    if without:
        raise DataError(
            f"predictions={path}: {len(without)} questions of {data.split} have no question_id: "
            f"{shown(without)}; {by_row}"
        )
