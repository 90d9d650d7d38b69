"""File locks that keep processes out of each other's files, with errors in words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from avqa_lit.artifacts.atomic import writing


def acquired(path: Path, *, timeout: float = 0.5) -> FileLock | None:
    """The lock whose file is `path`, acquired; None where another process holds it.

    Args:
        path: made where it is missing; it stays when the lock is released.
        timeout: seconds to wait, -1 for ever. `is_held` takes a lock for an instant, which this outlasts.

    Raises:
        WriteError: the file cannot be written, or its file system has no locks.
    """
    lock = FileLock(path, timeout=timeout, poll_interval=0.02)
    with writing(path):
        try:
            lock.acquire()
        except Timeout:
            return None
    return lock


@contextmanager
def locked(path: Path, *, wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock whose file is `path`, after `wait` was called where another process holds it.

    Raises:
        WriteError: as `acquired`.
    """
    lock = acquired(path, timeout=0)
    if lock is None:
        wait()
        lock = acquired(path, timeout=-1)
        assert lock is not None  # it was waited for
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process, this one or another, holds the lock whose file is `path`."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0.06, poll_interval=0.02):
            return False
    except Timeout:
        return True
