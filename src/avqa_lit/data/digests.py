"""Whether files still hold what was written, told by their SHA-256."""

import hashlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.errors import DataError

_LOGGER = logging.getLogger(__name__)
LARGE = 4_000_000_000  # bytes that take some seconds to read
SMALL = 1_000_000  # bytes that are read again as fast as a result is kept
TICK_NS = 20_000_000  # two changes of a file within one tick of the system's clock leave it the same time


class DamagedError(DataError):
    """A file that does not hold what was written.

    Attributes:
        problem: what is wrong, without the remedy.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem


def sha256(path: Path) -> str:
    """Checksum of a file, read whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path, *, cache: Path | None = None, again: bool = False) -> str:
    """Checksum of a file, read whole once for each size, time and inode of the file.

    The result for a file that is not small is kept in a file beside it, or in `cache` where its folder cannot
    be written. What the disk damages without a change of the file's time is found with `again`.

    Args:
        path: the file.
        cache: folder for results that cannot be kept beside their files; None keeps none of these.
        again: read the file in any case.
    """
    status, began = path.stat(), time.time_ns()
    for record in () if again else _records(path, cache):
        with suppress(OSError, ValueError):
            *state, noted, digest = record.read_text("ascii").split()
            if state == _state(status) and int(noted) - status.st_mtime_ns > TICK_NS:
                return digest
    if status.st_size > LARGE:
        _LOGGER.warning("reading %s once to compare its checksum (%.1f GB)", path, status.st_size / 1e9)
    digest = sha256(path)
    _note(path, status, digest, at=began, cache=cache)
    return digest


def note_sha256(path: Path, digest: str) -> None:
    """Keep the checksum of a file that this process wrote and nobody else has touched."""
    _note(path, path.stat(), digest, at=time.time_ns(), cache=None)


def check_files(
    folder: Path,
    files: Mapping[str, Mapping[str, Any]],
    *,
    remedy: str,
    cache: Path | None = None,
    again: bool = False,
) -> None:
    """Compare files with what was written.

    Args:
        folder: folder of the files.
        files: number of bytes and SHA-256 of each, by its name.
        remedy: what to do about a damaged file.
        cache: as of `known_sha256`.
        again: likewise.

    Raises:
        DamagedError: a file that is missing, or has another size or checksum.
    """
    for name, expected in files.items():
        file = folder / name
        if not file.is_file():
            raise DamagedError(f"{file}: this file is missing", remedy=remedy)
        size = file.stat().st_size
        if size != expected["bytes"]:
            raise DamagedError(f"{file}: {size} bytes, expected {expected['bytes']}", remedy=remedy)
        if known_sha256(file, cache=cache, again=again) != expected["sha256"]:
            raise DamagedError(
                f"{file}: its SHA-256 is not {expected['sha256']}, it was changed or damaged", remedy=remedy
            )


def _records(path: Path, cache: Path | None) -> Iterator[Path]:
    yield path.with_name(f".{path.name}.sha256")
    if cache is not None:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
        yield cache / "digests" / name


def _state(status: os.stat_result) -> list[str]:
    return [str(status.st_size), str(status.st_mtime_ns), str(status.st_ino)]


def _note(path: Path, status: os.stat_result, digest: str, *, at: int, cache: Path | None) -> None:
    if status.st_size < SMALL:
        return
    for record in _records(path, cache):
        with suppress(OSError):
            write_text(record, " ".join([*_state(status), str(at), digest]) + "\n")
            return
