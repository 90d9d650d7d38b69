"""One job as a process in a session of its own."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from avqa_lit.config.sweep.guard import Guard

# What data-parallel launchers leave in the environment; a job that inherits it believes to be one of
# their ranks. By SLURM_NTASKS Lightning would take a sweep inside an allocation for a task of srun.
_RANK_VARIABLES = {
    "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE",
    "MASTER_ADDR", "MASTER_PORT", "TORCH_NCCL_ASYNC_ERROR_HANDLING", "SLURM_NTASKS",
}  # fmt: skip
_RANK_PREFIXES = ("PL_", "ROLE_", "TORCHELASTIC_")


class JobProcess:
    """A running job; its stdout and stderr are appended to `log`.

    The job leads a new session and so a new process group, which its data-parallel ranks belong to.

    Args:
        command: program and arguments.
        log: file that gets the command itself and what it prints.
        environment: all of its environment variables.
        guard: ends the job if this process is killed.

    Raises:
        OSError: the log cannot be written or the program cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str], guard: Guard
    ) -> None:
        self.log = log
        self.guard = guard
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(f"$ {shlex.join(command)}\n".encode())
            file.flush()
            self._output_begins = file.tell()
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        guard.watch(self.group)

    @property
    def group(self) -> int:
        """Process group of the job and its ranks."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while it runs.

        What the job leaves behind in its group, such as a rank that hangs, ends with it.
        """
        status = self._process.poll()
        if status is not None:
            self.signal(signal.SIGKILL)
            self.guard.forget(self.group)
        return status

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to every process of the job."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, signum)

    def kill(self) -> None:
        """End every process of the job now."""
        self.signal(signal.SIGKILL)
        self._process.wait()
        self.guard.forget(self.group)

    def last_lines(self, *, count: int = 12, width: int = 300) -> list[str]:
        """End of what this process printed, without empty lines."""
        return last_lines(self.log, begin=self._output_begins, count=count, width=width)


def last_lines(log: Path, *, begin: int = 0, count: int = 12, width: int = 300) -> list[str]:
    """End of a log behind byte `begin`, without empty lines."""
    with log.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(begin, end - 4 * count * width))
        text = file.read().decode("utf-8", errors="replace")
    lines = [line.rstrip()[:width] for line in text.splitlines() if line.strip()]
    return lines[-count:]


def job_environment(environment: Mapping[str, str], *, gpus: Sequence[str]) -> dict[str, str]:
    """Environment for a job: no rank variables, its own GPUs, and this process's import path."""
    kept = without_ranks(environment)
    # The command line sets it for itself, and would hand a user's mistake on as a traceback.
    kept.pop("HYDRA_FULL_ERROR", None)
    kept["PYTHONPATH"] = import_path()
    if gpus:
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    return kept


def without_ranks(environment: Mapping[str, str], *, keep: Collection[str] = ()) -> dict[str, str]:
    """The environment without what tells a process that it is one of several, but for the names in `keep`."""
    return {
        name: value
        for name, value in environment.items()
        if name in keep or (name not in _RANK_VARIABLES and not name.startswith(_RANK_PREFIXES))
    }


def import_path() -> str:
    """PYTHONPATH with the entries of sys.path that a fresh interpreter does not find by itself."""
    library = sysconfig.get_path("stdlib")
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths = dict.fromkeys(Path(entry).absolute() for entry in sys.path)
    return os.pathsep.join(
        str(path)
        for path in paths
        if path.exists() and str(path) not in own and not path.is_relative_to(library)
    )
