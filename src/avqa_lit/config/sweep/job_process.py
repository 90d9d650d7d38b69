"""One job as a process in a session of its own."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

# What data-parallel launchers leave in the environment; a job that inherits it believes to be one of
# their ranks.
_RANK_VARIABLES = {
    "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE",
    "MASTER_ADDR", "MASTER_PORT", "TORCH_NCCL_ASYNC_ERROR_HANDLING",
}  # fmt: skip
_RANK_PREFIXES = ("PL_", "ROLE_", "TORCHELASTIC_")


class JobProcess:
    """A running job; its stdout and stderr are appended to `log`.

    The job leads a new session and so a new process group, which its data-parallel ranks belong to.

    Args:
        command: program and arguments.
        log: file that gets the command itself and what it prints.
        environment: all of its environment variables.

    Raises:
        OSError: the log cannot be written or the program cannot be started.
    """

    def __init__(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
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
        return status

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to every process of the job."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, signum)

    def kill(self) -> None:
        """End every process of the job now."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def last_lines(self, *, count: int = 12, width: int = 300) -> list[str]:
        """End of what this process printed, without empty lines."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._output_begins, end - 4 * count * width))
            text = file.read().decode("utf-8", errors="replace")
        lines = [line.rstrip()[:width] for line in text.splitlines() if line.strip()]
        return lines[-count:]


def job_environment(environment: Mapping[str, str], *, gpus: Sequence[str]) -> dict[str, str]:
    """Environment for a job: no rank variables, its own GPUs, and this process's import path."""
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _RANK_VARIABLES and not name.startswith(_RANK_PREFIXES)
    }
    # The command line sets it for itself, and would hand a user's mistake on as a traceback.
    kept.pop("HYDRA_FULL_ERROR", None)
    kept["PYTHONPATH"] = os.pathsep.join(_import_path())
    if gpus:
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    return kept


def _import_path() -> list[str]:
    """Entries of sys.path that a fresh interpreter does not find by itself."""
    library = sysconfig.get_path("stdlib")
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths = dict.fromkeys(Path(entry).absolute() for entry in sys.path)
    return [
        str(path)
        for path in paths
        if path.exists() and str(path) not in own and not path.is_relative_to(library)
    ]
