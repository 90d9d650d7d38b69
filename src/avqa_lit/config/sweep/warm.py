"""Starts jobs from a process that has done the imports, which cost more than a short training.

That process imports what jobs need, once, and does nothing else: no thread, no random number, no config. Each
job is a fresh child of it, forked into a session of its own, and so as isolated as a process started anew.
Jobs that start processes of their own or use a GPU are not forked: see `ThisMachine`.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from avqa_lit.config.sweep.guard import Guard
from avqa_lit.config.sweep.job_process import last_lines

# Child processes that can be waited for beside a pipe.
CAN_FORK = hasattr(os, "pidfd_open")


class WarmProcess:
    """The driver's side: hands commands over, hears the children's numbers and how they ended.

    Args:
        modules: imported once, for all jobs.
        environment: of all jobs.
        guard: ends the process and its jobs if this one is killed.
    """

    def __init__(self, modules: Sequence[str], *, environment: Mapping[str, str], guard: Guard) -> None:
        self.guard = guard
        self.statuses: dict[int, int] = {}
        self._started = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, *modules],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None  # opened as pipes
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self._answers = self._process.stdout.fileno()
        guard.watch(self._process.pid)

    def __enter__(self) -> "WarmProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self.guard.forget(self._process.pid)

    def start(self, command: Sequence[str], *, log: Path) -> "WarmJob":
        """Start a job; waits for the imports the first time.

        Raises:
            OSError: the process is gone, or the log cannot be written.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(f"$ {shlex.join(command)}\n".encode())
            file.flush()
            begin = file.tell()
        self._started += 1
        self._requests.write(_encoded(self._started, list(command), str(log)))
        while (pid := self._hear()) is None:
            pass
        self.guard.watch(pid)
        return WarmJob(self, self._started, group=pid, log=log, begin=begin)

    def status(self, number: int) -> int | None:
        """Exit status of a job, None while it runs; that of a killed one if the process is gone."""
        try:
            while number not in self.statuses and select.select([self._answers], [], [], 0)[0]:
                self._hear()
        except OSError:
            return -signal.SIGKILL
        return self.statuses.get(number)

    def _hear(self) -> int | None:
        """Process of the job that was asked for, or None after noting that one has ended."""
        line = _line(self._answers)
        if not line:
            raise OSError("the process that starts jobs has ended")
        number, pid, status = json.loads(line)
        if status is None:
            return int(pid)
        self.statuses[number] = status
        return None


class WarmJob:
    """A running job that was forked.

    Args:
        parent: the process that has forked it.
        number: its number there.
        group: its process group.
        log: what it prints into.
        begin: where its output begins in the log.
    """

    def __init__(self, parent: WarmProcess, number: int, *, group: int, log: Path, begin: int) -> None:
        self._parent = parent
        self.number = number
        self.group = group
        self.log = log
        self.begin = begin

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        status = self._parent.status(self.number)
        if status is not None:
            self.kill()  # what the job leaves behind ends with it
        return status

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to every process of the job."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, signum)

    def kill(self) -> None:
        """End every process of the job now."""
        self.signal(signal.SIGKILL)
        self._parent.guard.forget(self.group)

    def last_lines(self) -> list[str]:
        """End of what it printed."""
        return last_lines(self.log, begin=self.begin)


def _serve(modules: Sequence[str]) -> None:
    """Fork a job for each line of stdin; tell its process and, when it ends, its status."""
    answers = os.dup(1)
    os.dup2(2, 1)  # an import that prints must not answer
    for name in modules:
        importlib.import_module(name)
    gc.freeze()  # children share what they do not touch
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    number, pid = key.data
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    os.write(answers, _encoded(number, pid, status))
                elif line := _line(0):
                    number, command, log = json.loads(line)
                    pid = _fork()
                    if pid == 0:
                        os.close(answers)
                        _run_to_end(command, log=log)
                    os.write(answers, _encoded(number, pid, None))
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, data=(number, pid))
                else:
                    return


def _fork() -> int:
    """As `os.fork`, once the child leads a session of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
    os.close(writing)
    if pid != 0:
        os.read(reading, 1)  # until the child has closed its end as well
    os.close(reading)
    return pid


def _run_to_end(command: Sequence[str], *, log: str) -> NoReturn:
    """Run a job and end as Python ends, but leave what was imported to the system, as multiprocessing does.

    To free it takes longer than an epoch of a short training.
    """
    status = 1
    try:
        try:
            _become(command, log=log)
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _become(command: Sequence[str], *, log: str) -> None:
    """Run what `command` runs, in this process."""
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()  # as fresh as in a process of its own; Python's own generator is after a fork
    with Path(os.devnull).open("rb") as nothing, Path(log).open("ab") as output:
        for file, number in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(file.fileno(), number)
    sys.orig_argv = list(command)
    program = command[2:]  # behind python -P
    if program[0] == "-m":
        sys.argv = list(program[1:])
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(program)
        runpy.run_path(program[0], run_name="__main__")


def _encoded(*values: Any) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _line(file: int) -> bytes:
    """The next line, byte by byte, so that nothing of a later one waits unseen; empty at the end."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(file, 1)):
        line += byte
    return line


if __name__ == "__main__":
    _serve(sys.argv[1:])
