"""What a file says about one question, read from named fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avqa_lit.errors import DataError

IDS = ("question_id", "id", "qid")
VIDEOS = ("video_id", "image_id", "video_name", "video")
TEXTS = ("question", "question_content")
PREDICTIONS = ("prediction", "pred", "pred_ans", "pred_answer", "predicted")
# Beside a prediction, `answer` is the truth; alone it is the answer that is given.
ANSWERS = ("answer", "text", "response", "output")
TRUTHS = ("truth", "gt", "gt_ans", "gt_answer", "anser", "answer")


@dataclass(frozen=True)
class GivenAnswer:
    """What a file says about one question.

    Attributes:
        place: where it says so, such as ``line 3``.
        row: row of the question in its split; None where the file does not name it.
        question_id: as text; None where the file does not name it.
        answer: the answer, or its number where the file numbers its answers.
        truth: what the file takes for the right answer, in the same form; None where it does not say.
        is_right: what the file says of the answer; None where it does not.
        video_id: video of the question; None where the file does not name it.
        text: text of the question; None where the file does not have it.
    """

    place: str
    row: int | None
    question_id: str | None
    answer: str | int
    truth: str | int | None = None
    is_right: bool | None = None
    video_id: str | None = None
    text: str | None = None

    @property
    def name(self) -> str:
        """The question as the file names it."""
        if self.row is not None:
            return f"row {self.row}"
        if self.question_id is not None:
            return f"question_id {self.question_id}"
        return f"video {self.video_id}, {self.text!r}"


def names_questions(names: set[str]) -> bool:
    """Whether fields of these names tell which question they are about."""
    return bool(names & {"row", *IDS}) or bool(names & set(VIDEOS) and names & set(TEXTS))


def gives_answers(names: set[str]) -> bool:
    """Whether fields of these names hold an answer."""
    return bool(names & {*PREDICTIONS, *ANSWERS})


def from_fields(
    path: Path, place: str, fields: Mapping[str, Any], *, question_id: str | None = None
) -> GivenAnswer:
    """The answer that named fields hold.

    Args:
        path: the file, for messages.
        place: where the fields stand in it.
        fields: by name; names that nothing reads are ignored.
        question_id: the id where it stands outside the fields.

    Raises:
        DataError: fields that name no question or hold no answer, or values of a wrong type.
    """
    present = {name for name, value in fields.items() if value not in (None, "")}
    answer_field = next((name for name in (*PREDICTIONS, *ANSWERS) if name in fields), None)
    if answer_field is None or not (question_id or names_questions(present)):
        raise DataError(
            f"predictions={path}, {place}: expected question_id or row (or video_id and question), and "
            f"answer or prediction; found {', '.join(fields) or 'nothing'}"
        )
    truth_field = next(
        (name for name in TRUTHS if name != answer_field and name in present and _is_truth(name, fields)),
        None,
    )
    text = {name: _text(fields, names) for name, names in (("id", IDS), ("video", VIDEOS), ("text", TEXTS))}
    return GivenAnswer(
        place,
        _row(path, place, fields["row"]) if "row" in present else None,
        question_id or (None if text["id"] is None else same_id(text["id"])),
        read_answer(path, place, fields[answer_field]),
        truth=None if truth_field is None else read_answer(path, place, fields[truth_field]),
        video_id=text["video"],
        text=text["text"],
    )


def read_answer(path: Path, place: str, value: object) -> str | int:
    """A text, or a number where the file numbers its answers; also as the one element of a list.

    Raises:
        DataError: neither, or an empty text.
    """
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise DataError(
        f"predictions={path}, {place}: the answer is {str(value)[:80]!r}, expected a text or a number"
    )


def same_id(value: object) -> str:
    """An id as text, equal for 30338, 30338.0 and both as text.

    Example:
        >>> same_id(30338.0), same_id(" 30338.0"), same_id("sa00006547")
        ('30338', '30338', 'sa00006547')
    """
    text = str(value).strip()
    whole, point, rest = text.partition(".")
    return whole if point and whole.isdecimal() and rest.strip("0") == "" else text


def whole_number(text: str) -> int | None:
    """The number of at most nine digits that a text is; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _is_truth(name: str, fields: Mapping[str, Any]) -> bool:
    return name != "answer" or any(key in fields for key in PREDICTIONS)


def _text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    value = next((fields[name] for name in names if fields.get(name) not in (None, "")), None)
    return str(value).strip() if isinstance(value, str | int | float) else None


def _row(path: Path, place: str, value: object) -> int:
    number = whole_number(same_id(value)) if isinstance(value, int | float | str) else None
    if number is None or isinstance(value, bool):
        raise DataError(f"predictions={path}, {place}: row is {value!r}, expected a whole number from 0")
    return number
