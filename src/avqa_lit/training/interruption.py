"""SIGTERM and Ctrl-C: a run ends where it can go on."""

import signal
from types import FrameType, TracebackType
from typing import Any

import lightning as L


class Interrupted(SystemExit):
    """The run was told to end.

    Args:
        signum: the signal that told it.
        status: exit status; that of a shell by default.
    """

    def __init__(self, signum: int, *, status: int | None = None) -> None:
        super().__init__(128 + signum if status is None else status)
        self.signal = signal.Signals(signum)


class Interruption(L.Callback):
    """While entered, ends the run at SIGTERM or Ctrl-C: a fit where `check` is called next, all else at once.

    A second signal ends a fit at once too. Lightning's own handler is replaced: in the middle of whatever the
    processes are doing together, it has them talk to each other.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._fitting = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        self._previous = {
            one: signal.getsignal(one)
            for one in (signal.SIGTERM, signal.SIGINT)
            if signal.getsignal(one) != signal.SIG_IGN  # background shells ignore Ctrl-C on purpose
        }
        self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def check(self, trainer: L.Trainer) -> bool:
        """Whether any process was told to end; to be asked by all of them in the same place."""
        return trainer.strategy.reduce_boolean_decision(self._received is not None, all=False)

    def end(self, trainer: L.Trainer) -> None:
        """End this process, once it has saved.

        Raises:
            Interrupted: always. Lightning kills the first process where another ends with a status other
                than 0, so the first tells it for all.
        """
        status = None if trainer.is_global_zero else 0
        raise Interrupted(self._received or signal.SIGTERM, status=status)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen()
        self._fitting = True

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._fitting = False
        if self.check(trainer):
            self.end(trainer)

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        self._fitting = False

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._listen()

    def _listen(self) -> None:
        for signum in self._previous:
            signal.signal(signum, self._note)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if not self._fitting or self._received is not None:
            raise Interrupted(signum)
        self._received = signum
