"""Ctrl-C and its kin, as a state that a loop reads."""

import signal
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While entered, remembers SIGINT, SIGTERM and SIGHUP and lets nothing else happen.

    A handler that raises would do so anywhere, also between starting a job and noting that it runs.

    Attributes:
        first: the signal that came first, None before.
        count: how many came.
    """

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.count = 0
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupts":
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if (
                signal.getsignal(signum) != signal.SIG_IGN
            ):  # nohup and background shells ignore some on purpose
                self._previous[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.first = self.first or signal.Signals(signum)
        self.count += 1
