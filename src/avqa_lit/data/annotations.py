"""Questions of MUSIC-AVQA and its relatives, read as they are published."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avqa_lit.categories import CATEGORIES, CATEGORY_NAMES
from avqa_lit.errors import DataError

PLACEHOLDER = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """JSON keys under which an annotation file keeps what we read; None where it has no such key.

    The defaults are the keys of MUSIC-AVQA and MUSIC-AVQA v2.0. `question_deleted` is not among them:
    the published code ignores it, and so do the published numbers, which count every row (it is 0 in
    all of them).

    Attributes:
        video_id: video that is seen, and heard unless `audio_id` names another.
        audio_id: video that is heard instead; rows need not have it.
        question_id: number or text; rows need not have it.
        type: list of modality and kind, such as `["Audio", "Counting"]`, or a text that holds one.
        question: template with placeholders such as `<Object>`.
        values: what fills the placeholders from left to right: a list, or a text that holds one.
        answer: published as `anser`.
    """

    video_id: str = "video_id"
    audio_id: str | None = "unmatch_audio"
    question_id: str | None = "question_id"
    type: str = "type"
    question: str = "question_content"
    values: str | None = "templ_values"
    answer: str = "anser"


@dataclass(frozen=True, slots=True)
class Question:
    """One row of an annotation file.

    Attributes:
        row: place in its file from 0, which is its identity within the split.
        question_id: as text; None where the row has none. It may be repeated.
        video_id: video that is seen.
        audio_id: video that is heard.
        category: index in `avqa_lit.categories.CATEGORIES`.
        template: question before its placeholders are filled.
        text: filled question, without outer spaces, ending in one `?`.
        answer: the one right answer.
    """

    row: int
    question_id: str | None
    video_id: str
    audio_id: str
    category: int
    template: str
    text: str
    answer: str


def read_annotations(path: Path, *, fields: FieldMap | None = None) -> list[Question]:
    """Every question of a published annotation file, in its order.

    Raises:
        DataError: what is wrong, by file, row and question_id.
    """
    fields = fields or FieldMap()
    reader = _Reader(path, fields)
    return [reader.question(row, record) for row, record in enumerate(_records(path))]


def repeated_ids(questions: Sequence[Question]) -> dict[str, list[int]]:
    """Rows of every question_id that more than one row has."""
    rows: dict[str, list[int]] = defaultdict(list)
    for question in questions:
        if question.question_id is not None:
            rows[question.question_id].append(question.row)
    return {identity: places for identity, places in rows.items() if len(places) > 1}


def question_text(text: str) -> str:
    r"""The question without outer spaces, ending in one `?`.

    Published texts end in `?`, `? ` or the full-width U+FF1F.

    Example:
        >>> question_text("How many sounding erhu in the video\uff1f")
        'How many sounding erhu in the video?'
    """
    return text.rstrip("?\uff1f \t\n").lstrip() + "?"


def fill(template: str, values: Sequence[str]) -> str:
    """Template whose placeholders are replaced by `values` from left to right.

    Raises:
        ValueError: as many values as placeholders are needed.

    Example:
        >>> fill("What is the instrument on the <LR> of <Object>?", ["left", "saxophone"])
        'What is the instrument on the left of saxophone?'
    """
    head, *rest = PLACEHOLDER.split(template)
    if len(values) != len(rest):
        raise ValueError(
            f"{len(values)} template values {list(values)}, expected {len(rest)} for {template!r}"
        )
    return head + "".join(value + piece for value, piece in zip(values, rest, strict=True))


def _records(path: Path) -> list[Any]:
    try:
        records = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such annotation file") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: expected annotations in JSON, found what cannot be read ({error})"
        ) from error
    if not isinstance(records, list) or not records:
        found = f"an empty {type(records).__name__}" if not records else f"a {type(records).__name__}"
        raise DataError(f"{path}: expected a list of questions, found {found}")
    return records


class _Reader:
    """Turns records into questions; texts that occur often are parsed once."""

    def __init__(self, path: Path, fields: FieldMap) -> None:
        self.path = path
        self.fields = fields
        self.categories: dict[object, int] = {}
        self.texts: dict[object, tuple[str, str]] = {}

    def question(self, row: int, record: Any) -> Question:
        try:
            return self._question(row, record)
        except ValueError as error:
            raise DataError(f"{self.path}, {self._place(row, record)}: {error}") from error

    def _question(self, row: int, record: Any) -> Question:
        if not isinstance(record, dict):
            raise ValueError(f"expected an object, found {record!r}")
        fields = self.fields
        video_id = _identifier(record, fields.video_id)
        heard = fields.audio_id is not None and record.get(fields.audio_id) is not None
        audio_id = _identifier(record, fields.audio_id) if heard and fields.audio_id else video_id
        template, text = self._text(record)
        question_id = None if fields.question_id is None else record.get(fields.question_id)
        return Question(
            row,
            None if question_id is None else str(question_id),
            video_id,
            audio_id,
            self._category(_present(record, fields.type)),
            template,
            text,
            _nonempty(record, fields.answer),
        )

    def _category(self, value: Any) -> int:
        key = tuple(value) if isinstance(value, list) else value
        try:
            return self.categories[key]
        except (KeyError, TypeError):
            name = "/".join(part.lower().replace("-", "_") for part in _texts(self.fields.type, value))
        if name not in CATEGORY_NAMES:
            known = ", ".join(f"{category.label} ({category.name})" for category in CATEGORIES)
            raise ValueError(f"unknown category {value!r}; expected one of {known}")
        return self.categories.setdefault(key, CATEGORY_NAMES.index(name))

    def _text(self, record: Mapping[str, Any]) -> tuple[str, str]:
        template = _present(record, self.fields.question)
        values = [] if self.fields.values is None else _present(record, self.fields.values)
        key = (template, tuple(values) if isinstance(values, list) else values)
        try:
            return self.texts[key]
        except (KeyError, TypeError):
            template = _nonempty(record, self.fields.question)
        text = question_text(fill(template, _texts(self.fields.values, values)))
        return self.texts.setdefault(key, (template, text))

    def _place(self, row: int, record: Any) -> str:
        known = isinstance(record, dict) and self.fields.question_id in record
        identity = f"question_id {record[self.fields.question_id]!r}" if known else "no question_id"
        return f"row {row} ({identity})"


def _present(record: Mapping[str, Any], key: str) -> Any:
    if key not in record:
        raise ValueError(f"no key {key!r}, found {sorted(record)}; name the file's own keys with data.fields")
    return record[key]


def _nonempty(record: Mapping[str, Any], key: str) -> str:
    value = _present(record, key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is {value!r}, expected a text")
    return value.strip()


def _identifier(record: Mapping[str, Any], key: str) -> str:
    value = _nonempty(record, key)
    if "/" in value or "\\" in value or "\0" in value:
        raise ValueError(f"{key} is {value!r}, expected the name of a video, without folders")
    return value


def _texts(key: str | None, value: Any) -> list[str]:
    """List of texts, or the one that a text holds; parsed as a literal, never evaluated."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                raise ValueError(f"{key} is {value!r}, expected a list of texts") from None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} is {value!r}, expected a list of texts")
    return value
