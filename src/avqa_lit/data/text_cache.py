"""What is encoded once for the texts of a store, and kept in files beside them."""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from avqa_lit.artifacts.atomic import replacing, write_text
from avqa_lit.batch import QUESTION
from avqa_lit.data.digests import known_sha256, sha256
from avqa_lit.errors import DataError

_LOGGER = logging.getLogger(__name__)
REMEDY = "delete this file, it is made again"
T = TypeVar("T")


def kept(
    files: Sequence[Path], *, make: Callable[[], T], write: Callable[[T], None], read: Callable[[], T]
) -> T:
    """What `files` hold; made and written where one is missing or damaged, by one process while others wait.

    Where the folder cannot be written, it is made each time.

    Args:
        files: each with its checksum beside it, as `save` leaves them.
        make: the value.
        write: puts the value down, with `save`.
        read: the value again.
    """
    if _are_whole(files):
        return read()
    made = None
    try:
        with FileLock(files[0].parent / f".{files[0].name}.lock"):
            if not _are_whole(files):
                if files[0].exists():
                    _LOGGER.warning(
                        "%s: damaged, or without its checksum; its texts are encoded again", files[0]
                    )
                made = make()
                write(made)
        return read()
    except OSError:  # a store that others own, or on a read-only disk
        return make() if made is None else made


def _are_whole(files: Sequence[Path]) -> bool:
    """Whether all files are there with the content that was written."""
    try:
        return all(known_sha256(file) == _seal(file).read_text("ascii").split()[0] for file in files)
    except (OSError, UnicodeDecodeError, IndexError):
        return False


def _seal(path: Path) -> Path:
    """Checksum of a file, in the form that sha256sum writes and checks."""
    return path.with_name(f"{path.name}.sha256")


def checked_name(name: str) -> str:
    """The name of a question encoder, which becomes part of a file's.

    Raises:
        DataError: other characters than letters, digits, ``.``, ``_`` and ``-``.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise DataError(f"question encoder {name!r}: its name names a file, expected letters, digits, . _ -")
    return name


def features_file(folder: Path, kind: str, name: str, *, text: str = QUESTION) -> Path:
    """Where features of a text are kept.

    Args:
        folder: folder of the store.
        kind: what the file holds.
        name: of the encoder.
        text: name of the text that is encoded.

    Raises:
        DataError: a name that no file can have.
    """
    prefix = "" if text == QUESTION else f"{text}_"
    return folder / f"{prefix}{kind}_{checked_name(name)}.npy"


def save(path: Path, array: np.ndarray) -> None:
    """Write `array` to `path` whole or not at all, and its checksum beside it."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    write_text(_seal(path), f"{sha256(path)}  {path.name}\n")
