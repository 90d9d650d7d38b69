"""Ends the jobs of a sweep whose driver is gone, even one killed by SIGKILL.

A parent-death signal (`prctl`) reaches a job's first process only, and a rank that waits inside a collective
never runs its Python handler. So a small process of its own outlives the driver: it learns the process groups
of running jobs through a pipe, which closes when the driver ends in whatever way.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import TracebackType


class Guard:
    """The driver's end of the pipe.

    Args:
        grace: seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, *, grace: float) -> None:
        self.grace = grace

    def __enter__(self) -> "Guard":
        # Isolated and without site-packages: starts in a few milliseconds. Its own session keeps Ctrl-C away.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(self.grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def watch(self, group: int) -> None:
        """End this process group if the driver dies."""
        self._send(f"+{group}")

    def forget(self, group: int) -> None:
        """The group has ended; its number may soon be another's."""
        self._send(f"-{group}")

    def _send(self, line: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # opened as a pipe above
        with contextlib.suppress(BrokenPipeError):  # a sweep goes on without its guard
            print(line, file=stdin, flush=True)


def _alive(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _main() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    groups = {group for group in groups if _alive(group, signal.SIGTERM)}
    deadline = time.monotonic() + float(sys.argv[1])
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = {group for group in groups if _alive(group, 0)}
    for group in groups:
        _alive(group, signal.SIGKILL)


if __name__ == "__main__":
    _main()
