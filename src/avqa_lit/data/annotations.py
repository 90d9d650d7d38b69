"""Questions of MUSIC-AVQA and its relatives, read as they are published."""

import ast
import gc
import json
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from avqa_lit.artifacts.json_files import parse_json, read_json, shown
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy, category_name

LONGEST_NAME = 200  # bytes; files of its features have endings and prefixes beside it
# A list of texts as Python writes it; nothing else is given to Python's parser, which may not survive it.
_PYTHON_TEXT = r"""(?:'(?:[^'\\\n]|\\['"\\])*'|"(?:[^"\\\n]|\\['"\\])*")"""
_PYTHON_LIST = re.compile(rf"\s*\[\s*(?:{_PYTHON_TEXT}\s*,\s*)*(?:{_PYTHON_TEXT}\s*)?\]\s*")
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
        type: list of modality and type, such as `["Audio", "Counting"]`, a text that holds one, or a type
            alone where the taxonomy has no modalities. A list of two keys where each has a key of its own.
        question: template with placeholders such as `<Object>`.
        values: what fills the placeholders from left to right: a list, or a text that holds one.
        answer: published as `anser`.
        prompt: a second text of each question, such as the question as a statement; None where there is none.
    """

    video_id: str = "video_id"
    audio_id: str | None = "unmatch_audio"
    question_id: str | None = "question_id"
    type: str | Sequence[str] = "type"
    question: str = "question_content"
    values: str | None = "templ_values"
    answer: str = "anser"
    prompt: str | None = None


class Question(NamedTuple):
    """One row of an annotation file; a tuple, since a frozen dataclass takes several times as long to make.

    Attributes:
        row: place in its file from 0, which is its identity within the split.
        question_id: as text; None where the row has none. It may be repeated.
        video_id: video that is seen.
        audio_id: video that is heard.
        category: place in the taxonomy of the data set.
        template: question before its placeholders are filled.
        text: filled question, without outer spaces, ending in one `?`.
        answer: the one right answer.
        prompt: a second text beside the question; None where there is none.
    """

    row: int
    question_id: str | None
    video_id: str
    audio_id: str
    category: int
    template: str
    text: str
    answer: str
    prompt: str | None = None


def read_annotations(
    path: Path, *, fields: FieldMap | None = None, taxonomy: Taxonomy = MUSIC_AVQA
) -> list[Question]:
    """Every question of a published annotation file, in its order.

    Args:
        path: the file.
        fields: its keys; those of MUSIC-AVQA if not given.
        taxonomy: the categories that its questions fall into.

    Raises:
        DataError: what is wrong, by file, row and question_id.
    """
    fields = fields or FieldMap()
    reader = _Reader(path, fields, taxonomy)
    with _without_garbage_collection():
        return reader.questions(_records(path))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Records hold no cycles, but the collector would look through all of them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def repeated_ids(question_ids: Iterable[str | None]) -> dict[str, list[int]]:
    """Places of every question_id that stands more than once.

    Example:
        >>> repeated_ids(["7", None, "8", "7", None])
        {'7': [0, 3]}
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, identity in enumerate(question_ids):
        if identity is not None:
            places[identity].append(place)
    return {identity: found for identity, found in places.items() if len(found) > 1}


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
            f"{len(values)} template values {shown(list(values))}, expected {len(rest)} for {shown(template)}"
        )
    return head + "".join(value + piece for value, piece in zip(values, rest, strict=True))


def _records(path: Path) -> list[Any]:
    records = read_json(path, kind="annotation file", remedy="download it again")
    if not isinstance(records, list) or not records:
        found = f"an empty {type(records).__name__}" if not records else f"a {type(records).__name__}"
        raise DataError(f"{path}: expected a list of questions, found {found}")
    return records


class _Reader:
    """Turns records into questions; what occurs in many rows is parsed and checked once."""

    def __init__(self, path: Path, fields: FieldMap, taxonomy: Taxonomy) -> None:
        self.path = path
        self.fields = fields
        self.taxonomy = taxonomy
        # One key, or None where the category stands under several.
        self.type_key = fields.type if isinstance(fields.type, str) else None
        self.video_id = cache(partial(_identifier, fields.video_id))
        self.audio_id = cache(partial(_identifier, fields.audio_id))
        self.template = cache(partial(_nonempty, fields.question))
        self.answer = cache(partial(_nonempty, fields.answer))
        self.prompt = cache(partial(_nonempty, fields.prompt))
        self.category = cache(self._category)
        self.text = cache(self._text)

    def questions(self, records: list[Any]) -> list[Question]:
        """One for each record; in one loop, since calls are most of the time of a row."""
        fields, type_key, questions = self.fields, self.type_key, []
        for row, record in enumerate(records):
            try:
                if not isinstance(record, dict):
                    raise ValueError(f"expected an object, found {shown(record)}")
                video_id = self.video_id(record[fields.video_id])
                audio_id = record.get(fields.audio_id)
                question_id = record.get(fields.question_id)
                values = "[]" if fields.values is None else record[fields.values]
                kind = [record[key] for key in fields.type] if type_key is None else record[type_key]
                template = self.template(record[fields.question])
                question = Question(
                    row,
                    None if question_id is None else _question_id(question_id),
                    video_id,
                    video_id if audio_id is None else self.audio_id(audio_id),
                    self.category(kind if isinstance(kind, str) else _hashable(kind)),
                    template,
                    self.text(template, values if isinstance(values, str) else _hashable(values)),
                    self.answer(record[fields.answer]),
                    None if fields.prompt is None else self.prompt(record[fields.prompt]),
                )
            except (KeyError, ValueError, TypeError) as error:
                raise self._at(row, record, error) from error
            questions.append(question)
        return questions

    def _at(self, row: int, record: Any, error: Exception) -> DataError:
        problem = str(error)
        if isinstance(error, KeyError):
            problem = (
                f"no key {error}, found {shown(sorted(record))}; name the file's own keys with data.fields"
            )
        elif isinstance(error, TypeError):  # what cannot be looked up is no text
            problem = self._not_a_text(record)
        known = isinstance(record, dict) and self.fields.question_id in record
        identity = f"question_id {shown(record[self.fields.question_id])}" if known else "no question_id"
        return DataError(f"{self.path}, row {row} ({identity}): {problem}")

    def _not_a_text(self, record: dict[str, Any]) -> str:
        fields = self.fields
        texts = {fields.video_id, fields.audio_id, fields.question, fields.answer, fields.prompt}
        key, value = next(
            item for item in record.items() if item[0] in texts and isinstance(item[1], (list, dict))
        )
        return f"{key} is {shown(value)}, expected a text"

    def _category(self, value: object) -> int:
        keys = self.type_key or ", ".join(self.fields.type)
        is_plain = isinstance(value, str) and not value.lstrip().startswith("[")
        name = category_name([_nonempty(keys, value)] if is_plain else _list_of_texts(keys, value))
        if name not in self.taxonomy.place:
            known = ", ".join(self.taxonomy.names)
            raise ValueError(
                f"unknown category {shown(value)}; expected one of {known}; a data set with other categories "
                "names them in data.taxonomy"
            )
        return self.taxonomy.place[name]

    def _text(self, template: str, values: object) -> str:
        return question_text(fill(template, _list_of_texts(self.fields.values, values)))


def _hashable(value: Any) -> Hashable:
    """A list, as some files have it, in the notation of the others, which hold it as a text."""
    key: Hashable = json.dumps(value) if isinstance(value, (list, dict)) else value
    return key


def _nonempty(key: str | None, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is {shown(value)}, expected a text")
    return value.strip()


def _identifier(key: str | None, value: object) -> str:
    name = _nonempty(key, value)
    if "/" in name or "\\" in name or "\0" in name or name in (".", ".."):
        raise ValueError(f"{key} is {shown(value)}, expected the name of a video, without folders")
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"{key} is {shown(value)}, expected a name that a file can have")
    return name


def _question_id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"question_id is {shown(value)}, expected a number or a text")
    return str(value)


def _list_of_texts(key: str | None, value: object) -> list[str]:
    """The list that a text holds; parsed as a literal, never evaluated."""
    parsed = _literal(value) if isinstance(value, str) else None
    if not isinstance(parsed, list) or not all(isinstance(item, str) for item in parsed):
        raise ValueError(f"{key} is {shown(value)}, expected a list of texts")
    return parsed


def _literal(text: str) -> object:
    try:
        return parse_json(text.encode())
    except ValueError:
        return ast.literal_eval(text) if _PYTHON_LIST.fullmatch(text) else None
