"""Reads JSON that anybody may have written: of bounded size and depth, and of the type that is expected."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from avqa_lit.artifacts.reading import MOST_TEXT, read_bytes, read_lines
from avqa_lit.errors import DataError

SHOWN = 80
_WORDS = {
    "Input should be": "expected", "Value error, ": "", "a valid dictionary": "an object",
    "a valid tuple": "a list",
}  # fmt: skip
T = TypeVar("T")


def parse_json(content: bytes) -> Any:
    """The value that a text in JSON holds.

    Raises:
        ValueError: no JSON, more than 200 lists in each other, or half of a surrogate pair.

    Example:
        >>> parse_json(b'{"a": [1, 2.5]}')
        {'a': [1, 2.5]}
    """
    encoding = json.detect_encoding(content)
    return from_json(content if encoding == "utf-8" else content.decode(encoding).encode())


def read_json(path: Path, *, kind: str = "file", remedy: str, most: int = MOST_TEXT) -> Any:
    """The value in a file of JSON.

    Args:
        path: the file.
        kind: what to call it in messages.
        remedy: what to do about a file that is none.
        most: bytes that it may have.

    Raises:
        DataError: no such file, or one that holds no JSON.
    """
    content = read_bytes(path, kind=kind, most=most)
    try:
        return parse_json(content)
    except ValueError as error:
        raise DataError(f"{path}: expected JSON ({error}); {remedy}") from error


def typed(value: Any, form: TypeAdapter[T], *, where: str, remedy: str) -> T:
    """A value of JSON as the type that `form` describes.

    Raises:
        DataError: the first entry that has another type, with what was found and expected.
    """
    try:
        return form.validate_python(value)
    except ValidationError as error:
        raise DataError(f"{where}: {_told(error.errors()[0])}; {remedy}") from error


def read_json_lines(path: Path, form: TypeAdapter[T], *, remedy: str) -> Iterator[T]:
    """Values of a file with one JSON value a line.

    Raises:
        DataError: no such file, or a line that holds something else, by its number.
    """
    for number, line in read_lines(path):
        try:
            yield form.validate_json(line)
        except ValidationError as error:
            raise DataError(f"{path}, line {number}: {_told(error.errors()[0])}; {remedy}") from error


def _told(error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        return f"expected a JSON object, found {shown(error['input'])} ({error['ctx']['error']})"
    place = ".".join(map(str, error["loc"])) or "the content"
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "dataclass_type":
        return f"{place}: expected an object, found {shown(error['input'])}"
    message = error["msg"]
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return f"{place}: {message}, found {shown(error['input'])}"


def shown(value: object) -> str:
    """A value for a message, cut where it is long.

    Example:
        >>> shown("yes"), shown("a" * 100)[-5:]
        ("'yes'", 'aa...')
    """
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    text = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
