"""Errors that are a user's to mend: the command line prints them as one message, without a traceback."""

import errno
from contextlib import suppress
from pathlib import Path


class UserError(Exception):
    """What is wrong, where, what was expected, and what to do next, in one message."""


class ConfigError(UserError, ValueError):
    """A config key or value that cannot be used."""


class DataError(UserError, ValueError):
    """Annotations, features or a store that cannot be read as they are."""


class WriteError(UserError, OSError):
    """A file that cannot be written.

    Args:
        path: the file.
        error: what the system says.
        remedy: how to write elsewhere.
    """

    def __init__(
        self,
        path: Path,
        error: OSError,
        *,
        remedy: str = "choose folders on another disk with paths.runs=DIR or paths.cache=DIR",
    ) -> None:
        reason = error.strerror or str(error)
        super().__init__(f"{path}: cannot be written ({reason}). {_advice(path, error.errno, remedy)}")


def _advice(path: Path, number: int | None, remedy: str) -> str:
    """What to do about an error of the system."""
    if number in (errno.EACCES, errno.EPERM):
        return f"{_owner(path)}; ask for access, or {remedy}"
    if number == errno.EROFS:
        return f"The disk is read-only; {remedy}"
    if number in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
        return (
            "The file system has no locks, which keep two processes from writing there at once; mount it "
            f"with locks, or {remedy}"
        )
    return f"Make room there, or {remedy}; what was written before is whole"


def _owner(path: Path) -> str:
    """Whose the nearest folder is that can be looked at."""
    for folder in (path, *path.parents):
        with suppress(OSError, KeyError):
            return f"{folder} belongs to {folder.owner()} (mode {folder.stat().st_mode & 0o777:03o})"
    return "It belongs to another user"


class ServerError(UserError, ConnectionError):
    """A server that is missing, or that refuses what it is asked."""


class MissingExtraError(UserError, ImportError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(f"{feature} needs optional packages: pip install 'avqa_lit[{extra}]'")
