"""Folders of runs that made room for another run: renamed as a whole, and left out of lists and reports."""

import re
from pathlib import Path

from avqa_lit.artifacts.atomic import writing
from avqa_lit.errors import ConfigError

_SUFFIX = re.compile(r"\.superseded-\d+")


def is_superseded(folder: Path) -> bool:
    """Whether a folder has the name of one that made room for another run.

    Example:
        >>> is_superseded(Path("runs/train/a1b2.superseded-1")), is_superseded(Path("runs/train/a1b2"))
        (True, False)
    """
    return _SUFFIX.fullmatch(folder.suffix) is not None


def move_aside(folder: Path) -> Path:
    """Rename a folder to the first free ``<folder>.superseded-N`` and return its new path.

    Raises:
        ConfigError: the process works inside the folder.
        WriteError: the folder cannot be renamed.
    """
    if Path.cwd().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"{folder}: holds an earlier run, which would be moved aside, but the command was started inside "
            "this folder; start it elsewhere, or name another folder with hydra.run.dir=DIR"
        )
    number = 1
    while (target := folder.with_name(f"{folder.name}.superseded-{number}")).exists():
        number += 1
    with writing(folder):
        folder.rename(target)
    return target
