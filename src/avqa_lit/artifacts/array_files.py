"""Reads arrays of numbers from .npy and .npz files that anybody may have made.

Nothing is unpickled, and nothing is allocated before the header and the length of the file allow it.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO
from weakref import finalize
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
    OSError,  # a place before the beginning of the file
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


def most_bytes(size: int) -> int:
    """How many bytes the arrays of a compressed file may take, which is `size` bytes long."""
    return _SMALL + _COMPRESSION * size


class Archive:
    """Arrays of a .npz file by their names; the file stays open as long as this does.

    Args:
        path: the file.
        kind: what to call it in messages.
        remedy: what to do about a file that is none.

    Raises:
        DataError: no such file, or no such format.
    """

    def __init__(self, path: Path, *, kind: str = "file", remedy: str) -> None:
        self._path = path
        self._remedy = remedy
        self._stack = ExitStack()
        self.close = finalize(self, self._stack.close)
        file = self._stack.enter_context(opened(path, kind=kind))
        self.room = most_bytes(size_of(file))
        with self._told():
            self._archive = self._stack.enter_context(ZipFile(file))
        self.names = tuple(name.removesuffix(".npy") for name in self._archive.namelist())

    def header(self, name: str) -> Header:
        """Header of an array that is there.

        Raises:
            DataError: something else than an array of numbers, or one that this file cannot hold.
        """
        with self._told(), self._member(name) as content:
            return self._checked_header(name, content)

    def read(self, name: str) -> np.ndarray:
        """Numbers of an array that is there.

        Raises:
            DataError: whatever `header` refuses.
        """
        with self._told(), self._member(name) as content:
            header = self._checked_header(name, content)
            content.seek(header.offset)
            return _numbers(content, header, where=self._where(name), remedy=self._remedy)

    def _where(self, name: str) -> str:
        return f"{self._path}, {name}"

    def _member(self, name: str) -> IO[bytes]:
        member = self._archive.getinfo(f"{name}.npy")
        if member.file_size > self.room:
            raise DataError(
                f"{self._where(name)}: {member.file_size:,} bytes, which is too many for a file of this "
                f"size; {self._remedy}"
            )
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise DataError(f"{self._where(name)}: compressed in another way than numpy does; {self._remedy}")
        return self._archive.open(member)

    def _checked_header(self, name: str, content: IO[bytes]) -> Header:
        size = self._archive.getinfo(f"{name}.npy").file_size
        header = _header(content, size=size, where=self._where(name), remedy=self._remedy)
        if header.offset + header.bytes != size:
            raise DataError(
                f"{self._where(name)}: {size - header.offset} bytes, expected {header.bytes} of shape "
                f"{list(header.shape)}; {self._remedy}"
            )
        return header

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell in our words what makes a file no archive."""
        try:
            yield
        except DataError:
            raise
        except _NO_ARCHIVE as error:
            self.close()
            raise DataError(
                f"{self._path}: expected arrays in .npz format ({error}); {self._remedy}"
            ) from error


def read_archive(path: Path, *, remedy: str) -> dict[str, np.ndarray]:
    """Arrays of a .npz file by their names.

    Raises:
        DataError: no such file, no such format, or an array that is far larger than the file could hold.
    """
    archive, arrays = Archive(path, remedy=remedy), {}
    try:
        for name in archive.names:
            arrays[name] = archive.read(name)
            archive.room -= arrays[name].nbytes
    finally:
        archive.close()
    return arrays


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
