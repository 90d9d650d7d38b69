"""How the features of a track were made and how they lie in files, and where they are read from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, get_args, runtime_checkable

import numpy as np
from jaxtyping import Float

from avqa_lit.batch import Modality
from avqa_lit.data.array_layout import check_layout
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.ranges import Count, Positive

SHAPES = "[rows, D], [rows, patches, D] or [rows, D, height, width]"


@dataclass(frozen=True)
class Extraction:
    """How the features of one track were made.

    Attributes:
        encoder: name of the network, and of the folder that holds its files.
        seconds_per_row: time from the start of one row of a file to the start of the next.
        start_seconds: time at which the first row starts.
        stride: of so many rows the first is packed and the others are left out.
        modality: audio or visual; None for the tracks named audio and visual, whose name says it.
        folder: folder of the files, beside those of other encoders; None is the encoder's name.
        files: name of a video's file, in which ``{video_id}`` stands for its id (in an audio track, for the
            id of the sound); it ends in .npy, .npz, .h5 or .pt. Without ``{video_id}``, one file holds all
            videos.
        array: name of the array in its file, in which ``{video_id}`` may stand likewise; None is the only
            array.
        layout: order of the axes in a file, such as THWC, CT or 1TC: T rows in time, P patches, H height and
            W width of a map, C features, 1 an axis of length 1. None is TC, TPC or TCHW.
    """

    encoder: str
    seconds_per_row: Positive = 1.0
    start_seconds: float = 0.0
    stride: Count = 1
    modality: Modality | None = None
    folder: str | None = None
    files: str = "{video_id}.npy"
    array: str | None = None
    layout: str | None = None

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ConfigError(f"stride={self.stride} of {self.encoder}: expected 1 (every row) or more")
        if not 0 < self.seconds_per_row < float("inf"):
            raise ConfigError(
                f"seconds_per_row={self.seconds_per_row} of {self.encoder}: expected more than 0"
            )
        if self.modality not in (None, *get_args(Modality)):
            raise ConfigError(f"modality={self.modality} of {self.encoder}: expected audio or visual")
        if self.layout is not None:
            check_layout(self.layout, of=self.encoder)


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


def track_key(name: str) -> str:
    """Config key of the track with this name."""
    return f"data.{name}" if name in ("audio", "visual") else f"data.tracks.{name}"


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
