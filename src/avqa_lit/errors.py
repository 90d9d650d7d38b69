"""Errors that are a user's to mend: the command line prints them as one message, without a traceback."""

from pathlib import Path


class UserError(Exception):
    """What is wrong, where, what was expected, and what to do next, in one message."""


class ConfigError(UserError, ValueError):
    """A config key or value that cannot be used."""


class DataError(UserError, ValueError):
    """Annotations, features or a store that cannot be read as they are."""


class WriteError(UserError, OSError):
    """A file that cannot be written."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path}: cannot be written ({error.strerror or error}). Make room there, or choose folders on "
            "another disk with paths.runs=DIR or paths.cache=DIR; what was written before is whole"
        )


class ServerError(UserError, ConnectionError):
    """A server that is missing, or that refuses what it is asked."""


class MissingExtraError(UserError, ImportError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, *, extra: str) -> None:
        super().__init__(f"{feature} needs optional packages: pip install 'avqa_lit[{extra}]'")
