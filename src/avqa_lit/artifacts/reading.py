"""Reads files that anybody may have made: regular files alone, and no more of them than is expected."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from avqa_lit.errors import DataError

MOST_TEXT = 1 << 28  # bytes of a file that is read whole; the annotations of MUSIC-AVQA take 2% of it
LONGEST_LINE = 1 << 22


@contextmanager
def opened(path: Path, *, kind: str = "file") -> Iterator[IO[bytes]]:
    """A regular file, opened for reading; a pipe or a device is refused, and never waited for.

    Args:
        path: the file.
        kind: what to call it in messages.

    Raises:
        DataError: no such file, something else than a file, or one that the system does not let us read.
    """
    try:
        with os.fdopen(_handle(path, kind), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DataError(f"{path}: expected a {kind}, found a pipe or a device")
            yield file
    except IsADirectoryError as error:
        raise DataError(f"{path}: expected a {kind}, found a folder") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _handle(path: Path, kind: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such {kind}") from error
    except ValueError as error:  # a zero byte in the name
        raise DataError(f"{str(path)!r}: cannot be read ({error})") from error


def size_of(file: IO[bytes]) -> int:
    """Number of bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def read_bytes(path: Path, *, kind: str = "file", most: int = MOST_TEXT) -> bytes:
    """Content of a file of at most so many bytes.

    Raises:
        DataError: a larger file, or whatever `opened` refuses.
    """
    with opened(path, kind=kind) as file:
        content = b"" if size_of(file) > most else file.read(most + 1)
        if size_of(file) > most or len(content) > most:
            raise DataError(f"{path}: {size_of(file):,} bytes, expected a {kind} of at most {most:,}")
        return content


def read_lines(path: Path, *, kind: str = "file") -> Iterator[tuple[int, bytes]]:
    """Lines of a file with their numbers from 1.

    Raises:
        DataError: a line of more than `LONGEST_LINE` bytes, or whatever `opened` refuses.
    """
    with opened(path, kind=kind) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise DataError(f"{path}, line {number}: longer than {LONGEST_LINE:,} bytes")
            yield number, line


def read_end(path: Path, *, most: int = 1 << 16) -> str:
    """The last bytes of a file as text.

    Raises:
        DataError: whatever `opened` refuses.
    """
    with opened(path) as file:
        file.seek(max(0, size_of(file) - most))
        return file.read(most).decode("utf-8", errors="replace")
