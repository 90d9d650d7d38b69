"""Checkpoints that a kill cannot destroy and whose damage is noticed."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError


class UnreadableCheckpointError(DataError):
    """A checkpoint that is damaged, or that holds other things than tensors and plain values."""


def read_checkpoint(path: Path) -> Any:
    """The tensors and plain values of a file that torch saved, after a check of every record.

    torch writes a zip archive with a CRC-32 of each record, but does not compare it when it loads.

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


def verify(path: Path) -> None:
    """Compare every record of a file that torch saved with its checksum; files of torch 1.5 have none.

    Raises:
        UnreadableCheckpointError: a record differs from its checksum, or the file is cut short.
    """
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return  # no archive but a pickle
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
        with replacing(Path(path)) as temporary, temporary.open("wb") as file:
            try:
                torch.save(checkpoint, file)
            except RuntimeError as error:
                # torch closes its archive after a failed write, fails again, and tells that alone.
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None
                raise

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> Any:
        return read_checkpoint(Path(path))
