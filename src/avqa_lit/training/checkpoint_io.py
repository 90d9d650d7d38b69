"""Checkpoints that a kill cannot destroy and whose damage is noticed."""

import hashlib
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError

_SEAL = b"avqa_lit sha256 "
_LENGTH = struct.Struct("<H")  # of the comment, in front of which it stands


class UnreadableCheckpointError(DataError):
    """A checkpoint that is damaged, or that holds other things than tensors and plain values."""


def read_checkpoint(path: Path) -> Any:
    """The tensors and plain values of a file that torch saved, after a check of every byte.

    Raises:
        UnreadableCheckpointError: the file is damaged, or holds other things.
    """
    verify(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises whatever comes of wrong bytes
        raise UnreadableCheckpointError(
            f"{path}: cannot be read as weights and plain values ({error})"
        ) from error


def seal(path: Path) -> None:
    """Add a digest of the whole file as the comment of the archive that torch wrote, at its very end.

    torch writes a zip archive with a CRC-32 of each record, which leaves out what lies between the records.
    """
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END) - _LENGTH.size
        comment = _SEAL + _digest(path, size).encode()
        file.seek(size)
        file.write(_LENGTH.pack(len(comment)) + comment)


def verify(path: Path) -> None:
    """Compare a file that torch saved with its seal, or with the checksums of its records where it has none.

    torch compares neither when it loads. Files of torch 1.5 have no checksums at all.

    Raises:
        UnreadableCheckpointError: the file differs from its checksum, or is cut short.
    """
    with path.open("rb") as file:
        begin = file.read(2)
        size = file.seek(0, os.SEEK_END)
        sealed = len(_SEAL) + 2 * hashlib.sha256().digest_size
        file.seek(max(0, size - sealed - _LENGTH.size))
        end = file.read()
    if _SEAL in end:
        digest = _digest(path, size - sealed - _LENGTH.size).encode()
        if end != _LENGTH.pack(sealed) + _SEAL + digest:
            raise UnreadableCheckpointError(f"{path}: is damaged (its checksum is wrong)")
    elif begin == b"PK":
        _verify_records(path)


def _digest(path: Path, size: int) -> str:
    """SHA-256 of the first `size` bytes of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(size, 1 << 20))):
            found.update(block)
            size -= len(block)
    return found.hexdigest()


def _verify_records(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            if any(record.compress_type != zipfile.ZIP_STORED for record in archive.infolist()):
                raise zipfile.BadZipFile("torch writes no compressed records")
            damaged = archive.testzip()
    except Exception as error:  # zipfile has no error of its own for half of what wrong bytes lead to
        raise UnreadableCheckpointError(f"{path}: is damaged ({error})") from error
    if damaged is not None:
        raise UnreadableCheckpointError(f"{path}: is damaged (the checksum of its record {damaged} is wrong)")


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target, flushes to the disk, then renames; reads tensors and plain values only."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        with replacing(Path(path)) as temporary:
            try:
                with temporary.open("wb") as file:
                    torch.save(checkpoint, file)
            except RuntimeError as error:
                # torch closes its archive after a failed write, fails again, and tells that alone.
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None
                raise
            seal(temporary)

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> Any:
        return read_checkpoint(Path(path))
