"""Answers of another program, read from its file."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avqa_lit.data.answer_text import read_answer_text
from avqa_lit.data.given_answer import (
    GivenAnswer,
    from_fields,
    gives_answers,
    names_questions,
    read_answer,
    same_id,
    whole_number,
)
from avqa_lit.errors import DataError

PUBLISHED = "question_id, True or False, the truth and the prediction"
FORMS = (
    'a JSON object {"<question_id>": "<answer>"}; a list of objects with question_id (or row) and answer (or '
    "prediction, beside which answer is the truth), or one such object a line; CSV with the header "
    f"question_id,answer or row,answer; lines of {PUBLISHED} between tabs"
)
# Keys under which a file may keep its answers beside other things.
WRAPPERS = ("predictions", "results", "answers", "data")


class UnknownFormError(DataError):
    """A file that is in none of the known forms, and so is perhaps no file of answers at all."""


def read_answer_file(path: Path) -> list[GivenAnswer]:
    """Every answer in a file, in its order; the form is told by the content, whatever the file's name.

    In lines of the published form the third field is read as the truth and the fourth as the prediction;
    the annotations may tell otherwise (see `named_answers`).

    Raises:
        DataError: no such file, or one that cannot be read, by line.
        UnknownFormError: a file in none of the known forms.
    """
    text = read_answer_text(path)
    if text.lstrip()[:1] in ("{", "["):
        given = list(_from_json(path, text))
    else:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        published = bool(lines) and _is_published(lines[0][1])
        given = list(_from_published(path, lines) if published else _from_csv(path, text))
    if not given:
        raise UnknownFormError(f"predictions={path}: expected answers, found none; known forms: {FORMS}")
    return given


class _Pairs(list[tuple[str, Any]]):
    """Keys and values of an object; a dict would keep the last of two equal keys, and say nothing."""


def _from_json(path: Path, text: str) -> Iterator[GivenAnswer]:
    try:
        content = json.loads(text, object_pairs_hook=_Pairs)
    except RecursionError as error:
        raise DataError(f"predictions={path}: nested too deeply; known forms: {FORMS}") from error
    except ValueError as error:
        if getattr(error, "msg", None) != "Extra data":
            raise DataError(
                f"predictions={path}: expected JSON, found what cannot be parsed ({error})"
            ) from error
        yield from _from_json_lines(path, text)
        return
    yield from _from_content(path, content)


def _from_content(path: Path, content: Any) -> Iterator[GivenAnswer]:
    if not isinstance(content, _Pairs):
        for number, entry in enumerate(content, start=1):
            yield _from_object(path, f"entry {number}", entry)
        return
    names = {key for key, _ in content}
    wrapped = [value for key, value in content if key in WRAPPERS and isinstance(value, list)]
    if len(wrapped) == 1:
        yield from _from_content(path, wrapped[0])
    elif names_questions(names) and gives_answers(names):  # lines of JSON, of which there is one
        yield _from_object(path, "line 1", content)
    else:
        for number, (key, value) in enumerate(content, start=1):
            yield _from_entry(path, f"entry {number}", same_id(key), value)


def _from_entry(path: Path, place: str, question_id: str, value: Any) -> GivenAnswer:
    """What an object says of a question under its id: the answer, or fields that hold it."""
    while isinstance(value, list) and not isinstance(value, _Pairs) and len(value) == 1:
        value = value[0]
    if isinstance(value, _Pairs):
        return from_fields(path, place, dict(value), question_id=question_id)
    return GivenAnswer(place, None, question_id, read_answer(path, place, value))


def _from_json_lines(path: Path, text: str) -> Iterator[GivenAnswer]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                entry = json.loads(line, object_pairs_hook=_Pairs)
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"predictions={path}, line {number}: expected a JSON object, found {line[:80]!r}"
                ) from error
            yield _from_object(path, f"line {number}", entry)


def _from_object(path: Path, place: str, entry: object) -> GivenAnswer:
    if not isinstance(entry, _Pairs):
        raise DataError(f"predictions={path}, {place}: expected an object, found {str(entry)[:80]!r}")
    return from_fields(path, place, dict(entry))


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
            place = f"line {reader.line_num}"
            if header is None:
                header = _header(path, place, cells)
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"predictions={path}, {place}: {len(cells)} fields, expected {len(header)} as in the "
                    f"header {','.join(header)}"
                )
            yield from_fields(path, place, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise DataError(f"predictions={path}, line {reader.line_num}: not CSV ({error})") from error


def _header(path: Path, place: str, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not (names_questions(set(header)) and gives_answers(set(header))):
        raise UnknownFormError(
            f"predictions={path}, {place}: {','.join(cells)[:80]!r} is in none of the known forms: {FORMS}"
        )
    return header


def _is_published(line: str) -> bool:
    fields = _published_fields(line)
    return len(fields) == 4 and fields[1] in ("True", "False")


def _published_fields(line: str) -> list[str]:
    """Fields between tabs, which may hold blanks themselves; between blanks where there is no tab."""
    return [field.strip() for field in line.split("\t")] if "\t" in line else line.split()


def _from_published(path: Path, lines: list[tuple[int, str]]) -> Iterator[GivenAnswer]:
    numbered = all(whole_number(field) is not None for field in _published_fields(lines[0][1])[2:])
    expected = f"{PUBLISHED}, both as {'numbers' if numbered else 'words'} as in the first line"
    for number, line in lines:
        fields = _published_fields(line)
        if not _is_published(line) or any(
            (whole_number(column) is not None) != numbered for column in fields[2:]
        ):
            raise DataError(f"predictions={path}, line {number}: {line[:80]!r}, expected {expected}")
        truth, answer = (int(column) if numbered else column for column in fields[2:])
        question_id = same_id(fields[0])
        yield GivenAnswer(f"line {number}", None, question_id, answer, truth, is_right=fields[1] == "True")
