"""Reads arrays of numbers from .npy and .npz files that anybody may have made.

Nothing is unpickled, and nothing is allocated before the header and the length of the file allow it.
"""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from avqa_lit.artifacts.reading import opened, size_of
from avqa_lit.errors import DataError

_HEADER_BYTES = 1 << 16
_MOST_AXES = 32
_MOST_NUMBERS = 1 << 60
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# What numpy raises about a header that is none, which it reads with Python's own parser.
_NO_HEADER = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    SyntaxError,
    TokenError,
    RecursionError,
    MemoryError,
    OverflowError,
)
_NO_ARCHIVE = (
    BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
)
# Features and attention take a fifth of their size at the least when they are compressed.
_COMPRESSION = 20
_SMALL = 1 << 26


@dataclass(frozen=True)
class Header:
    """What stands at the head of a .npy file.

    Attributes:
        shape: of the array.
        dtype: of its numbers.
        fortran_order: whether the first index moves fastest.
        offset: number of bytes before the numbers.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    offset: int

    @property
    def bytes(self) -> int:
        """How many bytes the numbers take."""
        return prod(self.shape) * self.dtype.itemsize


def read_header(path: Path, *, kind: str = "file", remedy: str) -> Header:
    """Header of a .npy file that holds all the numbers that its header states.

    Args:
        path: the file.
        kind: what to call it in messages.
        remedy: what to do about a file that is none.

    Raises:
        DataError: no such file, no such format, pickled objects, no numbers, or fewer than stated.
    """
    with opened(path, kind=kind) as file:
        return _header(file, size=size_of(file), where=str(path), remedy=remedy)


def read_array(path: Path, *, kind: str = "file", remedy: str) -> np.ndarray:
    """Numbers of a .npy file in their own precision.

    Raises:
        DataError: whatever `read_header` refuses.
    """
    with opened(path, kind=kind) as file:
        header = _header(file, size=size_of(file), where=str(path), remedy=remedy)
        file.seek(header.offset)
        return _numbers(file, header, where=str(path), remedy=remedy)


def map_array(path: Path, *, remedy: str) -> np.memmap:
    """Numbers of a .npy file, mapped into memory for reading alone.

    Raises:
        DataError: whatever `read_header` refuses.
    """
    header = read_header(path, remedy=remedy)
    order = "F" if header.fortran_order else "C"
    # Read-only: of a copy-on-write map, the system wants to hold as much memory ready as the file is big.
    mapped: np.memmap = np.memmap(  # type: ignore[call-overload]
        path, header.dtype, "r", header.offset, header.shape, order
    )
    return mapped


def read_archive(path: Path, *, remedy: str) -> dict[str, np.ndarray]:
    """Arrays of a .npz file by their names.

    Raises:
        DataError: no such file, no such format, or an array that is far larger than the file could hold.
    """
    with opened(path) as file:
        room = _SMALL + _COMPRESSION * size_of(file)
        arrays = {}
        try:
            with ZipFile(file) as archive:
                for name in [file.removesuffix(".npy") for file in archive.namelist()]:
                    arrays[name] = _member(archive, name, room=room, path=path, remedy=remedy)
                    room -= arrays[name].nbytes
        except DataError:
            raise
        except _NO_ARCHIVE as error:
            raise DataError(f"{path}: expected arrays in .npz format ({error}); {remedy}") from error
    return arrays


def _member(archive: ZipFile, name: str, *, room: int, path: Path, remedy: str) -> np.ndarray:
    where = f"{path}, {name}"
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > room:
        raise DataError(
            f"{where}: {member.file_size:,} bytes, which is too many for a file of this size; {remedy}"
        )
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise DataError(f"{where}: compressed in another way than numpy does; {remedy}")
    with archive.open(member) as content:
        header = _header(content, size=member.file_size, where=where, remedy=remedy)
        if header.offset + header.bytes != member.file_size:
            raise DataError(
                f"{where}: {member.file_size - header.offset} bytes, expected {header.bytes} of shape "
                f"{list(header.shape)}; {remedy}"
            )
        content.seek(header.offset)
        return _numbers(content, header, where=where, remedy=remedy)


def _header(file: IO[bytes], *, size: int, where: str, remedy: str) -> Header:
    head = io.BytesIO(file.read(_HEADER_BYTES))
    try:
        with warnings.catch_warnings():  # about headers that Python 2 wrote
            warnings.simplefilter("ignore")
            shape, fortran_order, dtype = _READERS[npy.read_magic(head)](head)
        header = Header(tuple(shape), dtype, bool(fortran_order), head.tell())
        if (
            any(isinstance(length, bool) or length < 0 for length in shape)
            or len(shape) > _MOST_AXES
            or prod(max(1, length) for length in shape) > _MOST_NUMBERS
        ):
            raise ValueError(f"shape {shape}")
    except _NO_HEADER as error:
        raise DataError(
            f"{where}: expected an array in .npy format, found what cannot be read "
            f"({str(error)[:200] or type(error).__name__}); {remedy}"
        ) from error
    if dtype.hasobject:
        raise DataError(
            f"{where}: expected numbers, found pickled objects, which are never loaded; "
            "save a plain float array with np.save"
        )
    if dtype.kind not in "fiubc":
        raise DataError(f"{where}: expected numbers, found {dtype}; {remedy}")
    if size - header.offset < header.bytes:
        raise DataError(
            f"{where}: truncated, expected {header.bytes} bytes of shape {list(header.shape)}, "
            f"found {size - header.offset}; {remedy}"
        )
    return header


def _numbers(file: IO[bytes], header: Header, *, where: str, remedy: str) -> np.ndarray:
    values = np.empty(prod(header.shape), header.dtype)
    target, done = memoryview(values.view(np.uint8)), 0  # type: ignore[arg-type]
    while done < header.bytes:
        count = file.readinto(target[done:])  # type: ignore[attr-defined]
        if not count:
            raise DataError(f"{where}: ends after {done} of {header.bytes} bytes; {remedy}")
        done += count
    return values.reshape(header.shape, order="F" if header.fortran_order else "C")
