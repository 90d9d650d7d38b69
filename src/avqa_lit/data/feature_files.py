"""Features of one video or sound, read from a .npy file that may be anything."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from jaxtyping import Float

from avqa_lit.artifacts import array_files
from avqa_lit.artifacts.array_files import Header
from avqa_lit.batch import Modality
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.ranges import Count, Positive

StoredDtype = Literal["float16", "float32"]

SHAPES = "[rows, D], [rows, patches, D] or [rows, D, height, width]"
KIND = "feature file"
REMEDY = "extract or download it again"
# Share of the nonzero values of a file that may become zero in a store.
MOST_LOST = 0.01


@dataclass(frozen=True)
class Extraction:
    """How the features of one track were made.

    Attributes:
        encoder: name of the network, and of the folder that holds its files.
        seconds_per_row: time from the start of one row of a file to the start of the next.
        start_seconds: time at which the first row starts.
        stride: of so many rows the first is packed and the others are left out.
        modality: audio or visual; None for the tracks named audio and visual, whose name says it.
    """

    encoder: str
    seconds_per_row: Positive = 1.0
    start_seconds: float = 0.0
    stride: Count = 1
    modality: Modality | None = None

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ConfigError(f"stride={self.stride} of {self.encoder}: expected 1 (every row) or more")
        if not 0 < self.seconds_per_row < float("inf"):
            raise ConfigError(
                f"seconds_per_row={self.seconds_per_row} of {self.encoder}: expected more than 0"
            )
        if self.modality not in (None, *get_args(Modality)):
            raise ConfigError(f"modality={self.modality} of {self.encoder}: expected audio or visual")


def extraction_of(options: Mapping[str, Any], *, key: str) -> Extraction:
    """The extraction with these options.

    Args:
        options: by their names.
        key: config key that holds them, for messages.

    Raises:
        ConfigError: an option that there is not, one that is missing, or a value that cannot be used.
    """
    known = [option.name for option in fields(Extraction)]
    options = {name: value for name, value in options.items() if name != "_target_"}
    for name in options:
        if name not in known:
            raise ConfigError(f"{key}.{name} is not a config key; expected some of {', '.join(known)}")
    if "encoder" not in options:
        raise ConfigError(f"{key}.encoder has no value: give the name of the folder of its features")
    return Extraction(**options)


def modality_of(name: str, extraction: Extraction) -> Modality:
    """Modality of the track with this name.

    Raises:
        ConfigError: a name that cannot name a file, no modality, or another than the name says.
    """
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name == "row" or name.endswith("_seconds"):
        raise ConfigError(
            f"data.tracks.{name}: expected a name of letters, digits and _ that begins with a letter, other "
            "than row and names that end in _seconds"
        )
    named: Modality | None = "audio" if name == "audio" else "visual" if name == "visual" else None
    modality = extraction.modality or named
    if modality is None:
        raise ConfigError(
            f"data.tracks.{name}.modality has no value: give audio, for what is heard, or visual"
        )
    if named not in (None, modality):
        raise ConfigError(f"data.{name}.modality={modality}: the track {name} is {named}; name it otherwise")
    return modality


@runtime_checkable
class FeatureSource(Protocol):
    """Features of one track, by the id of their video or sound."""

    @property
    def extraction(self) -> Extraction:
        """How they were made."""

    def __contains__(self, identity: str) -> bool:
        """Whether there are any of this video."""

    def where(self, identity: str) -> str:
        """Name of the place they come from, for messages."""

    def shape(self, identity: str) -> tuple[int, ...]:
        """Their shape, without reading them."""

    def read(self, identity: str) -> Float[np.ndarray, "time *row"]:
        """Their values."""


@dataclass(frozen=True)
class FeatureArrays:
    """A track whose features are in memory.

    Attributes:
        extraction: how they were made.
        arrays: features by the id of their video.
    """

    extraction: Extraction
    arrays: Mapping[str, Float[np.ndarray, "time *row"]]

    def __contains__(self, identity: str) -> bool:
        """Whether there is an array."""
        return identity in self.arrays

    def where(self, identity: str) -> str:
        """Encoder and id."""
        return f"{self.extraction.encoder} features of {identity!r}"

    def shape(self, identity: str) -> tuple[int, ...]:
        """Shape of the array."""
        return self.arrays[identity].shape

    def read(self, identity: str) -> Float[np.ndarray, "time *row"]:
        """The array itself."""
        return self.arrays[identity]


@dataclass(frozen=True)
class FeatureFolder:
    """A track whose features lie in one .npy file a video, named by its id.

    Attributes:
        extraction: how they were made.
        path: folder of the files.
    """

    extraction: Extraction
    path: Path

    def ids(self) -> frozenset[str]:
        """Ids that have a file."""
        return frozenset(Path(entry.name).stem for entry in self.entries())

    def entries(self) -> list[os.DirEntry[str]]:
        """Feature files in the folder."""
        with os.scandir(self.path) as entries:
            return [entry for entry in entries if entry.name.endswith(".npy") and entry.is_file()]

    def file(self, identity: str) -> Path:
        """Where the features of a video are expected."""
        return self.path / f"{identity}.npy"

    def __contains__(self, identity: str) -> bool:
        """Whether there is a file."""
        return self.file(identity).is_file()

    def where(self, identity: str) -> str:
        """Path of the file, and where it leads if it is a link to nothing."""
        file = self.file(identity)
        if file.is_symlink() and not file.exists():
            return f"{file} (a link to {file.readlink()}, which does not exist)"
        return str(file)

    def shape(self, identity: str) -> tuple[int, ...]:
        """Shape that the file's header states, which its size confirms."""
        return read_header(self.file(identity)).shape

    def read(self, identity: str) -> Float[np.ndarray, "time *row"]:
        """Values of the file."""
        return read_features(self.file(identity))


def read_header(path: Path) -> Header:
    """Header of a .npy file that holds whole features.

    Nothing in the file is unpickled, here or when it is read.

    Raises:
        DataError: no such file, no such format, pickled objects, numbers that are not floating-point, a
            shape that is not a feature's, no rows, or less data than the header states.
    """
    header = array_files.read_header(path, kind=KIND, remedy=REMEDY)
    _check(header, path)
    return header


def read_features(path: Path) -> Float[np.ndarray, "time *row"]:
    """Values of a .npy file, in its own precision.

    Raises:
        DataError: whatever `read_header` refuses.
    """
    _check(array_files.read_header(path, kind=KIND, remedy=REMEDY), path)
    return array_files.read_array(path, kind=KIND, remedy=REMEDY)


def _check(header: Header, path: Path) -> None:
    if header.dtype.kind != "f":
        raise DataError(f"{path}: expected floating-point numbers, found {header.dtype}; save it as float32")
    check_shape(header.shape, where=str(path))


def check_shape(shape: tuple[int, ...], *, where: str) -> None:
    """Refuse what is not a sequence of rows.

    Raises:
        DataError: found and expected shape.
    """
    if len(shape) == 1:
        raise DataError(
            f"{where}: shape {list(shape)}, expected {SHAPES}; a single row is saved as [1, {shape[0]}]: "
            "look for a squeeze() in the extraction"
        )
    if len(shape) not in (2, 3, 4):
        raise DataError(f"{where}: shape {list(shape)}, expected {SHAPES}")
    if 0 in shape:
        raise DataError(
            f"{where}: shape {list(shape)} holds no values, expected at least one row; extract it again"
        )


def to_stored(
    values: Float[np.ndarray, "time *row"], *, dtype: StoredDtype, where: str, stride: int = 1
) -> Float[np.ndarray, "kept *row"]:
    """Every `stride`-th row in the precision of a store.

    Raises:
        DataError: a row with a value that is not finite, or that `dtype` cannot hold, or more than
            `MOST_LOST` of the values too small for `dtype`.
    """
    kept = values[::stride]
    with np.errstate(over="ignore", under="ignore"):
        stored = np.ascontiguousarray(kept, dtype=dtype)
    if not np.isfinite(stored).all():
        place = int(np.argmin(np.isfinite(stored).reshape(len(stored), -1).all(axis=1)))
        row = place * stride
        value = float(values[row].reshape(-1)[np.argmin(np.isfinite(stored[place]))])
        if not np.isfinite(value):
            raise DataError(f"{where}: row {row} holds {value}, expected finite numbers; extract it again")
        remedy = "pack with data.dtype=float32" if dtype == "float16" else "scale the features"
        raise DataError(
            f"{where}: row {row} holds {value:g}, which {dtype} cannot hold "
            f"(at most {float(np.finfo(dtype).max):g}); {remedy}"
        )
    _check_small(kept, stored, where=where)
    return stored


def _check_small(
    values: Float[np.ndarray, "time *row"], stored: Float[np.ndarray, "time *row"], *, where: str
) -> None:
    """Refuse values that became zero in the precision of a store.

    Raises:
        DataError: the share of them, and the remedy.
    """
    if values.dtype == stored.dtype:
        return
    nonzero = np.count_nonzero(values)
    lost = nonzero - np.count_nonzero(stored)
    if lost > MOST_LOST * nonzero:
        remedy = "pack with data.dtype=float32" if stored.dtype == np.float16 else "scale the features"
        smallest, largest = float(np.finfo(stored.dtype).smallest_subnormal), float(np.abs(values).max())
        raise DataError(
            f"{where}: {lost / nonzero:.0%} of its nonzero values become zero in {stored.dtype}, which holds "
            f"nothing between 0 and {smallest:.1g} (the largest is {largest:.2g}); {remedy}"
        )
