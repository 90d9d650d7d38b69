"""What is encoded once for the texts of a store, and kept in a file beside them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError

REMEDY = "delete this file, it is made again"
T = TypeVar("T")


def kept(path: Path, *, make: Callable[[], T], write: Callable[[T], None], read: Callable[[], T]) -> T:
    """What `path` holds; made and written where it is missing, by one process while others wait.

    Where the folder cannot be written, it is made each time.

    Args:
        path: its presence says that all is written.
        make: the value.
        write: puts the value down, `path` last.
        read: the value again.
    """
    if path.exists():
        return read()
    made = None
    try:
        with FileLock(path.parent / f".{path.name}.lock"):
            if not path.exists():
                made = make()
                write(made)
        return read()
    except OSError:  # a store that others own, or on a read-only disk
        return make() if made is None else made


def checked_name(name: str) -> str:
    """The name of a question encoder, which becomes part of a file's.

    Raises:
        DataError: other characters than letters, digits, ``.``, ``_`` and ``-``.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise DataError(f"question encoder {name!r}: its name names a file, expected letters, digits, . _ -")
    return name


def save(path: Path, array: np.ndarray) -> None:
    """Write `array` to `path` whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def load(path: Path, **options: Any) -> np.ndarray:
    """The array in `path`.

    Raises:
        DataError: something else than an array of numbers.
    """
    try:
        array: np.ndarray = np.load(path, allow_pickle=False, **options)
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}); {REMEDY}") from error
    return array
