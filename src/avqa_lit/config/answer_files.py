"""Which files of other programs' answers were named: one, several, or all in a folder."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avqa_lit.errors import ConfigError


def answer_files(predictions: Any) -> list[Path]:
    """The files, those of a folder in the order of their names.

    Raises:
        ConfigError: neither a path nor a list of paths, a folder without files, or a file named twice.
    """
    given = predictions if isinstance(predictions, list) else [predictions]
    if not given or not all(isinstance(name, str) and name for name in given):
        raise ConfigError(
            f"predictions={predictions}: expected a file, a list of files as in [a.json,b.json], or a folder"
        )
    files = [file for name in given for file in _files(Path(name).expanduser())]
    twice = [file for file, count in Counter(file.resolve() for file in files).items() if count > 1]
    if twice:
        raise ConfigError(f"predictions={predictions}: names {twice[0]} more than once")
    return files


def short_names(files: Sequence[Path]) -> list[str]:
    """For each file as many of its last parts as tell it from the others.

    Example:
        >>> short_names([Path("a/x.json"), Path("b/x.json"), Path("b/y.json")])
        ['a/x.json', 'b/x.json', 'y.json']
    """
    absolute = [file.absolute() for file in files]
    return [_short(file, [other for other in absolute if other != file]) for file in absolute]


def _short(file: Path, others: Sequence[Path]) -> str:
    for count in range(1, len(file.parts)):
        name = file.parts[-count:]
        if all(other.parts[-count:] != name for other in others):
            return str(Path(*name))
    return str(file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if not found:
        raise ConfigError(f"predictions={path}: expected files of answers in this folder, found none")
    return found
