"""Arrays that a pattern names: one in each file, or all in one file."""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath

import numpy as np

from avqa_lit.data.array_formats import FORMATS, UNNAMED, Arrays, Header, open_arrays
from avqa_lit.errors import ConfigError, DataError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
SHOWN = 5
LOOKED_AT = 50  # names that a suggestion is drawn from


@dataclass(frozen=True)
class NamedArrays:
    """Arrays of a folder, each found by values that fill the placeholders of a pattern.

    Attributes:
        folder: where the files lie.
        files: name of a file, such as ``{video_id}.npy``; without a placeholder all arrays are in one file.
        array: name of the array in its file, likewise; None is the only one that the file holds.
        placeholders: names that may stand between braces, of which one must.
        key: config key that holds `files` and `array`, for messages.
        kind: what to call a file in messages.

    Raises:
        ConfigError: a pattern without a placeholder, with another one, or whose ending is no known format.
    """

    folder: Path
    files: str
    array: str | None = None
    placeholders: Collection[str] = ("video_id",)
    key: str = "data"
    kind: str = "feature file"
    _opened: dict[Path, Arrays] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if PurePath(self.files).suffix not in FORMATS or "/" in self.files:
            raise ConfigError(
                f"{self.key}.files={self.files}: expected a file name that ends in {', '.join(FORMATS)}"
            )
        found = _PLACEHOLDER.findall(f"{self.files}/{self.array or ''}")
        allowed = " or ".join(f"{{{name}}}" for name in self.placeholders)
        if unknown := [name for name in found if name not in self.placeholders]:
            raise ConfigError(f"{self.key}.files: {{{unknown[0]}}} stands for nothing; expected {allowed}")
        if not found:
            raise ConfigError(
                f"{self.key}.files={self.files}: one file for all; expected {allowed} in {self.key}.array, "
                f"which tells whose features an array holds, and found {self.array or 'null'}"
            )

    @property
    def in_one_file(self) -> bool:
        """Whether all arrays lie in one file."""
        return _PLACEHOLDER.search(self.files) is None

    def file(self, values: Mapping[str, str]) -> Path:
        """Where an array is expected.

        Raises:
            DataError: a value that cannot be part of a file's name.
        """
        name = _filled(self.files, values)
        if "/" in name or "\0" in name or len(name.encode()) > 255:
            raise DataError(
                f"{self.key}.files={self.files}: {name[:80]!r} cannot be the name of a file; put the arrays "
                f"into one .h5 or .npz file, and name them with {self.key}.array"
            )
        return self.folder / name

    def where(self, values: Mapping[str, str]) -> str:
        """Path of the file, with the array's name in it, and where it leads if it is a link to nothing."""
        file = self.file(values)
        if file.is_symlink() and not file.exists():
            return f"{file} (a link to {file.readlink()}, which does not exist)"
        return str(file) if self.array is None else f"{file}, {_filled(self.array, values)}"

    def __contains__(self, values: Mapping[str, str]) -> bool:
        if self.in_one_file:
            return _filled(self.array or "", values) in self._names
        return self.file(values).is_file()

    def header(self, values: Mapping[str, str]) -> Header:
        """Shape and type of an array as it lies in its file.

        Raises:
            DataError: no such file or array, or something else than numbers.
        """
        arrays = self._arrays(values)
        return arrays.header(self._name(arrays, values))

    def read(self, values: Mapping[str, str]) -> np.ndarray:
        """Numbers of an array as they lie in their file.

        Raises:
            DataError: no such file or array, or something else than numbers.
        """
        arrays = self._arrays(values)
        return arrays.read(self._name(arrays, values))

    def entries(self) -> list[os.DirEntry[str]]:
        """Files in the folder that the pattern names."""
        pattern = _matcher(self.files)
        with os.scandir(self.folder) as entries:
            return [entry for entry in entries if pattern.fullmatch(entry.name) and entry.is_file()]

    def ids(self) -> frozenset[str]:
        """What fills the one placeholder in the arrays that are there."""
        if self.in_one_file:
            return _matches(self.array or "", self._names)
        return _matches(self.files, (entry.name for entry in self.entries()))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._arrays({}).names)

    def _arrays(self, values: Mapping[str, str]) -> Arrays:
        """What a file holds; one that holds all arrays stays open."""
        file = self.file(values)
        if not self.in_one_file:
            return open_arrays(file, kind=self.kind)
        if file not in self._opened:
            if not file.exists():
                raise DataError(
                    f"{file}: no such {self.kind}; {_contents(self.folder)}; choose with "
                    f"{self.key}.files=NAME"
                )
            self._opened[file] = open_arrays(file, kind=self.kind)
        return self._opened[file]

    def _name(self, arrays: Arrays, values: Mapping[str, str]) -> str:
        names, file = arrays.names, self.file(values)
        held = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        if self.array is None:
            if len(names) != 1:
                raise DataError(
                    f"{file}: holds {len(names)} arrays ({held or 'none'}), expected one; choose with "
                    f"{self.key}.array=NAME"
                )
            return names[0]
        name = _filled(self.array, values)
        if name not in (self._names if self.in_one_file else names):
            held = "one array without a name" if names == (UNNAMED,) else held or "no array"
            raise DataError(
                f"{file}: holds no array {name} but {held}; choose with {self.key}.array=NAME, or null for "
                "the only one"
            )
        return name


def suggested(folder: Path, values: Collection[str], *, placeholder: str, key: str) -> str:
    """What a folder holds, and the setting that would read it; for a message about missing arrays.

    Args:
        folder: where files were expected.
        values: what may fill the placeholder.
        placeholder: its name.
        key: config key that holds `files` and `array`.
    """
    found = _contents(folder)
    readable = sorted(path.name for path in folder.iterdir() if path.suffix in FORMATS)[:LOOKED_AT]
    if pattern := _pattern(readable, values, placeholder):
        return f"{found}; {key}.files={pattern} would read them"
    for name in readable[:1]:
        try:
            inside = open_arrays(folder / name, kind="file").names
        except (DataError, ImportError):
            continue
        if pattern := _pattern(inside[:LOOKED_AT], values, placeholder):
            return f"{found}; {key}.files={name} {key}.array={pattern} would read it"
    return found


def _contents(folder: Path) -> str:
    """The first names in a folder, for a message."""
    if not folder.is_dir():
        return f"{folder} does not exist"
    names = sorted(entry.name for entry in folder.iterdir())
    listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
    return f"{folder} holds {listed or 'nothing'}"


def _pattern(names: Collection[str], values: Collection[str], placeholder: str) -> str | None:
    """Pattern of the first name in which a value stands, the longest of those that do."""
    for name in names:
        if held := max((value for value in values if value and value in name), key=len, default=None):
            return name.replace(held, f"{{{placeholder}}}", 1)
    return None


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], pattern)


def _matcher(pattern: str) -> re.Pattern[str]:
    """What matches names of the pattern; the first group is what fills its first placeholder."""
    literals = [re.escape(part) for part in re.split(_PLACEHOLDER.pattern.replace("(", "(?:"), pattern)]
    return re.compile("(.+)".join(literals), re.DOTALL)


def _matches(pattern: str, names: Iterable[str]) -> frozenset[str]:
    matcher = _matcher(pattern)
    return frozenset(found[1] for name in names if (found := matcher.fullmatch(name)))
