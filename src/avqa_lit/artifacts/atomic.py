"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.json_text import json_text
from avqa_lit.errors import UserError, WriteError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Temporary path beside `path` which takes its place when the block ends without an error.

    The temporary file lies in the target's folder, since a rename is atomic within one file system only.

    Raises:
        WriteError: the disk is full, or the file is larger than the user may write.
    """
    with writing(path), _temporary(path) as temporary:
        yield temporary


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes files that only their owner reads
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that a killed process left; nobody may be writing to `folder`."""
    for left in folder.glob(".*.tmp"):
        left.unlink()


@contextmanager
def writing(path: Path, *, remedy: str | None = None) -> Iterator[None]:
    """Name the file and the remedy where the system refuses to write it.

    Raises:
        WriteError: instead of the system's own error.
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        given = {} if remedy is None else {"remedy": remedy}
        raise WriteError(path, error, **given) from error


def copy(source: Path, target: Path, *, size: int | None = None) -> None:
    """Copy a file, or its first `size` bytes, whole or not at all."""
    with replacing(target) as temporary, source.open("rb") as file:
        temporary.write_bytes(file.read(-1 if size is None else size))


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path` whole or not at all."""
    write_text(path, json_text(value, indent=1) + "\n")
