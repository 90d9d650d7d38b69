"""Arrays of numbers in the formats that extractors of features write: .npy, .npz, .h5 and .pt."""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from avqa_lit.artifacts import array_files
from avqa_lit.artifacts.array_files import Archive, most_bytes
from avqa_lit.artifacts.reading import opened, size_of
from avqa_lit.errors import DataError, MissingExtraError

REMEDY = "extract or download it again"
UNNAMED = ""


class Header(NamedTuple):
    """Shape of an array and type of its numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype


class Arrays(Protocol):
    """Arrays of one file by their names; a file with a single array may leave it `UNNAMED`."""

    @property
    def names(self) -> Sequence[str]:
        """Names of all arrays, in their order."""

    def header(self, name: str) -> Header:
        """Shape and type of an array, without reading its numbers."""

    def read(self, name: str) -> np.ndarray:
        """Numbers of an array, in their own precision."""


class _Npy:
    """The one array of a .npy file."""

    names = (UNNAMED,)

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind

    def header(self, name: str) -> Header:
        del name
        found = array_files.read_header(self._path, kind=self._kind, remedy=REMEDY)
        return Header(found.shape, found.dtype)

    def read(self, name: str) -> np.ndarray:
        del name
        return array_files.read_array(self._path, kind=self._kind, remedy=REMEDY)


class _Npz:
    """Arrays of a .npz file."""

    def __init__(self, path: Path, kind: str) -> None:
        self._archive = Archive(path, kind=kind, remedy=REMEDY)
        self.names = self._archive.names

    def header(self, name: str) -> Header:
        found = self._archive.header(name)
        return Header(found.shape, found.dtype)

    def read(self, name: str) -> np.ndarray:
        return self._archive.read(name)


class _Hdf5:
    """Data sets of an HDF5 file, named by their paths in it; those that lie in other files are not read."""

    def __init__(self, path: Path, kind: str) -> None:
        try:
            import h5py
        except ImportError as error:
            raise MissingExtraError(f"{path}: reading HDF5 files", extra="hdf5") from error
        with opened(path, kind=kind) as file:
            self._room = most_bytes(size_of(file))
        self._path = path
        try:
            self._file = h5py.File(path, "r")
            self.names = tuple(self._names(self._file, seen=set()))
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise self._damaged(error) from error

    def header(self, name: str) -> Header:
        found = self._checked(name)
        return Header(tuple(found.shape), found.dtype)

    def read(self, name: str) -> np.ndarray:
        try:
            values: np.ndarray = self._checked(name)[()]
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error
        return values

    def _names(self, group: Any, *, seen: set[int]) -> Iterator[str]:
        """Paths of all data sets below a group; those that lie in other files are left out."""
        import h5py

        seen.add(h5py.h5o.get_info(group.id).addr)
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            node = group[name]
            if isinstance(node, h5py.Dataset):
                yield f"{group.name}/{name}".lstrip("/")
            elif isinstance(node, h5py.Group) and h5py.h5o.get_info(node.id).addr not in seen:
                yield from self._names(node, seen=seen)

    def _checked(self, name: str) -> Any:
        """The data set, unless it lies in other files, holds no numbers or is too large for this one."""
        where = f"{self._path}, {name}"
        try:
            found = self._file[name]
            elsewhere = bool(found.external) or found.is_virtual
            kind, size = found.dtype.kind, found.nbytes
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error
        if elsewhere:
            raise DataError(f"{where}: its numbers lie in other files, which are not read; copy them into it")
        if kind not in "fiubc":
            raise DataError(f"{where}: expected numbers, found {found.dtype}; {REMEDY}")
        if size > self._room:
            raise DataError(f"{where}: {size:,} bytes, which is too many for a file of this size; {REMEDY}")
        return found

    def _damaged(self, error: Exception) -> DataError:
        reason = " ".join(str(error).split())[:200]
        return DataError(f"{self._path}: cannot be read as an HDF5 file ({reason}); {REMEDY}")


class _Pt:
    """The tensor, or the tensors by their names, that torch.save wrote; nothing else is unpickled."""

    def __init__(self, path: Path, kind: str) -> None:
        with opened(path, kind=kind) as file:
            loaded = _load(path, zipped=file.read(2) == b"PK")
        found = {UNNAMED: loaded} if isinstance(loaded, torch.Tensor) else loaded
        if not isinstance(found, Mapping):
            raise DataError(
                f"{path}: holds a {type(loaded).__name__}, expected a tensor, or tensors by their names; "
                "save it as torch.save(tensor, file)"
            )
        self._path = path
        self._tensors = {
            str(name): tensor for name, tensor in found.items() if isinstance(tensor, torch.Tensor)
        }
        self.names = tuple(self._tensors)

    def header(self, name: str) -> Header:
        tensor = self._checked(name)
        return Header(tuple(tensor.shape), self._in_numpy(tensor.new_empty(0), name).dtype)

    def read(self, name: str) -> np.ndarray:
        return self._in_numpy(self._checked(name), name)

    def _in_numpy(self, tensor: torch.Tensor, name: str) -> np.ndarray:
        tensor = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        try:
            values: np.ndarray = tensor.numpy()
        except (RuntimeError, TypeError) as error:
            raise DataError(
                f"{self._where(name)}: a tensor of {tensor.dtype} cannot be read; save it as float32"
            ) from error
        return values

    def _where(self, name: str) -> str:
        return f"{self._path}, {name}" if name else str(self._path)

    def _checked(self, name: str) -> torch.Tensor:
        """The tensor, unless it has no numbers of its own for every place."""
        tensor = self._tensors[name].detach()
        whole = tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"
        if not whole or tensor.untyped_storage().nbytes() < tensor.nbytes:
            raise DataError(
                f"{self._where(name)}: holds fewer numbers than its shape {list(tensor.shape)} needs; save "
                "tensor.contiguous()"
            )
        return tensor


def _load(path: Path, *, zipped: bool) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path}: expected a tensor, found pickled objects, which are never loaded; save it as "
            "torch.save(tensor, file)"
        ) from error
    except Exception as error:  # the unpickler raises whatever comes of wrong bytes
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{path}: cannot be read as a tensor ({reason}); {REMEDY}") from error


FORMATS: Mapping[str, Callable[[Path, str], Arrays]] = {
    ".npy": _Npy,
    ".npz": _Npz,
    ".h5": _Hdf5,
    ".hdf5": _Hdf5,
    ".pt": _Pt,
    ".pth": _Pt,
}


def open_arrays(path: Path, *, kind: str) -> Arrays:
    """Arrays of a file, whose format its ending says.

    Args:
        path: the file, with an ending of `FORMATS`.
        kind: what to call it in messages.

    Raises:
        DataError: no such file, or one that holds something else than its ending says.
        MissingExtraError: an HDF5 file without h5py.
    """
    return FORMATS[PurePath(path).suffix](path, kind)
