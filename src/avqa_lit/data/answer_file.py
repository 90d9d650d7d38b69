"""Answers of another program, read from its file."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avqa_lit.errors import DataError

PUBLISHED = "question_id, True or False, index of the prediction and index of the truth"
FORMS = (
    'a JSON object {"<question_id>": "<answer>"}; a list of objects with question_id (or row) and answer, or '
    f"one such object a line; CSV with the header question_id,answer or row,answer; lines of {PUBLISHED}"
)


@dataclass(frozen=True)
class GivenAnswer:
    """What a file says about one question.

    Attributes:
        place: where it says so, such as ``line 3``.
        row: row of the question in its split; None where the file names questions by id alone.
        question_id: as text; None where the file names questions by row alone.
        answer: the answer, or its index where the file numbers its answers.
        truth: what the file takes for the right answer, in the same form; None where it does not say.
        is_right: what the file says of the answer; None where it does not.
    """

    place: str
    row: int | None
    question_id: str | None
    answer: str | int
    truth: str | int | None = None
    is_right: bool | None = None

    @property
    def name(self) -> str:
        """The question as the file names it."""
        return f"row {self.row}" if self.question_id is None else f"question_id {self.question_id}"


def read_answer_file(path: Path) -> list[GivenAnswer]:
    """Every answer in a file, in its order; the form is told by the content, whatever the file's name.

    An object or a CSV row with a ``prediction`` gives that as its answer, and its ``answer``, if any, is
    what it takes for the truth: so predictions.jsonl can be read as well.

    Raises:
        DataError: no such file, or one in no form that is known, by line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"predictions={path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"predictions={path}: expected UTF-8 text ({error}): {FORMS}") from error
    if text.lstrip()[:1] in ("{", "["):
        given = list(_from_json(path, text))
    else:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        published = bool(lines) and _is_published(lines[0][1])
        given = list(_from_published(path, lines) if published else _from_csv(path, text))
    if not given:
        raise DataError(f"predictions={path}: expected answers, found none; known forms: {FORMS}")
    return given


def _from_json(path: Path, text: str) -> Iterator[GivenAnswer]:
    try:
        content = json.loads(text, object_pairs_hook=_Pairs)
    except RecursionError as error:
        raise DataError(f"predictions={path}: nested too deeply; known forms: {FORMS}") from error
    except ValueError as error:
        if getattr(error, "msg", None) != "Extra data":
            raise DataError(f"predictions={path}: expected JSON, found what is none ({error})") from error
        yield from _from_json_lines(path, text)
        return
    if not isinstance(content, _Pairs):
        for number, one in enumerate(content, start=1):
            yield _from_object(path, f"entry {number}", one)
    elif {"question_id", "row"} & {key for key, _ in content}:  # lines of JSON, of which there is one
        yield _from_object(path, "line 1", content)
    else:
        for number, (key, answer) in enumerate(content, start=1):
            place = f"entry {number}"
            yield GivenAnswer(place, None, key.strip(), _answer(path, place, answer))


def _from_json_lines(path: Path, text: str) -> Iterator[GivenAnswer]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                one = json.loads(line, object_pairs_hook=_Pairs)
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"predictions={path}, line {number}: expected a JSON object, found {line[:80]!r}"
                ) from error
            yield _from_object(path, f"line {number}", one)


class _Pairs(list[tuple[str, Any]]):
    """Keys and values of an object; a dict would keep the last of two equal keys, and say nothing."""


def _from_object(path: Path, place: str, one: object) -> GivenAnswer:
    if not isinstance(one, _Pairs):
        raise DataError(f"predictions={path}, {place}: expected an object, found {str(one)[:80]!r}")
    return _from_fields(path, place, dict(one))


def _from_csv(path: Path, text: str) -> Iterator[GivenAnswer]:
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ",", skipinitialspace=True
    )
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                if not ({"question_id", "row"} & set(header) and {"answer", "prediction"} & set(header)):
                    raise DataError(
                        f"predictions={path}, line {reader.line_num}: {','.join(cells)[:80]!r} is in no form "
                        f"that is known: {FORMS}"
                    )
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"predictions={path}, line {reader.line_num}: {len(cells)} fields, expected "
                    f"{len(header)} as in the header {','.join(header)}"
                )
            yield _from_fields(path, f"line {reader.line_num}", dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise DataError(f"predictions={path}, line {reader.line_num}: not CSV ({error})") from error


def _from_fields(path: Path, place: str, fields: Mapping[str, Any]) -> GivenAnswer:
    row, question_id = fields.get("row"), fields.get("question_id")
    question_id = None if question_id in (None, "") else str(question_id).strip()
    given = "prediction" if "prediction" in fields else "answer"
    if given not in fields or (row in (None, "") and question_id is None):
        raise DataError(
            f"predictions={path}, {place}: expected question_id or row, and answer or prediction; "
            f"found {', '.join(fields) or 'nothing'}"
        )
    return GivenAnswer(
        place,
        None if row in (None, "") else _row(path, place, row),
        question_id,
        _answer(path, place, fields[given]),
        truth=_answer(path, place, fields["answer"])
        if given == "prediction" and "answer" in fields
        else None,
    )


def _row(path: Path, place: str, value: object) -> int:
    number = _number(str(value).strip()) if isinstance(value, int | str) else None
    if number is not None:
        return number
    raise DataError(f"predictions={path}, {place}: row is {value!r}, expected a whole number from 0")


def _answer(path: Path, place: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"predictions={path}, {place}: the answer is {value!r}, expected a text")
    return value.strip()


def _is_published(line: str) -> bool:
    fields = line.split()
    return len(fields) == 4 and fields[1] in ("True", "False")


def _from_published(path: Path, lines: list[tuple[int, str]]) -> Iterator[GivenAnswer]:
    for number, line in lines:
        fields = line.split()
        answer, truth = (_number(field) for field in fields[2:]) if _is_published(line) else (None, None)
        if answer is None or truth is None:
            raise DataError(f"predictions={path}, line {number}: {line[:80]!r}, expected {PUBLISHED}")
        yield GivenAnswer(f"line {number}", None, fields[0], answer, truth, is_right=fields[1] == "True")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None
