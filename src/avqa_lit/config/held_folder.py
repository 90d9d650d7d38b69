"""The folder of a run, held so that no other run writes there."""

from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from filelock import FileLock

from avqa_lit.artifacts.atomic import remove_unfinished, writing
from avqa_lit.artifacts.locks import acquired
from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.superseded import move_aside
from avqa_lit.artifacts.yaml_files import write_yaml
from avqa_lit.config.beginning import Beginning
from avqa_lit.console import print_plain
from avqa_lit.errors import ConfigError, DataError, WriteError
from avqa_lit.training.process import is_first_process

JOB_LOG = "job.log"


class HeldFolder:
    """Holds a run's folder from its construction to the end of its context.

    The first process of a run does so for all, and it alone writes there.

    Args:
        folder: of the run; made where it is missing.

    Raises:
        ConfigError: another run writes there.
        WriteError: the folder cannot be made or locked.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._locks: list[FileLock] = []
        self._identity: tuple[int, int] | None = None
        if is_first_process():
            self._hold()

    def __enter__(self) -> "HeldFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lock in self._locks:
            lock.release()

    def _hold(self) -> None:
        with writing(self.folder.path):
            self.folder.path.mkdir(parents=True, exist_ok=True)
        lock = acquired(self.folder.lock)
        if lock is None:
            raise ConfigError(
                f"{self.folder.path}: another run writes there now; wait for it, or name another folder with "
                "hydra.run.dir=DIR"
            )
        self._locks.append(lock)
        self._identity = _identity(self.folder.lock)

    def move_aside(self) -> Path:
        """Rename the folder, hold a new one in its place, and return where the old one lies now.

        The log of a sweep's job stays in the new folder: the process that runs here still writes to it.
        """
        aside = move_aside(self.folder.path)
        # The old lock is kept as well: a process that opened its file before the renaming waits in vain.
        self._hold()
        with writing(self.folder.path):
            if (aside / JOB_LOG).exists():
                (aside / JOB_LOG).rename(self.folder.path / JOB_LOG)
        return aside

    def begin(self, config: dict[str, Any]) -> None:
        """Write the config of a run that starts now; of what was there, only its state is lost."""
        if is_first_process():
            for folder in (self.folder.path, self.folder.last.parent):
                remove_unfinished(folder)
            self.folder.results.unlink(missing_ok=True)
            write_yaml(self.folder.config, config)

    def make_room(self, beginning: Beginning, *, config: dict[str, Any]) -> None:
        """Say where the run begins, and leave in the folder what it begins with."""
        if not is_first_process():
            return
        told = beginning.told
        if beginning.moves_aside:
            told += f"; the earlier run lies in {self.move_aside()} now"
        elif beginning.checkpoint is None or beginning.source is not None:
            for left in (*self.folder.logs, self.folder.best):
                left.unlink(missing_ok=True)
        for path in beginning.damaged:
            path.replace(path.with_suffix(".damaged"))
        self.begin(config)
        if beginning.source is not None:
            beginning.source.begin_in(self.folder)
        self.tell(told)

    def tell(self, text: str, *, file: TextIO | None = None) -> None:
        """Print a line about the folder, once for all processes."""
        if is_first_process():
            print_plain(f"{self.folder.path}: {text}", file=file)

    def end(self, results: Results) -> None:
        """Write how the run ended.

        Raises:
            DataError: the folder was deleted or moved meanwhile.
        """
        self.check()
        if is_first_process():
            # On a full disk the reason that is told is the first one.
            with nullcontext() if results.state == "finished" else suppress(WriteError):
                self.folder.write_results(results)
            if results.state == "finished":
                self.folder.previous.unlink(missing_ok=True)

    def check(self) -> None:
        """Refuse to write on where the folder is not the one any more that this run holds.

        Raises:
            DataError: it was deleted or moved.
        """
        if self._identity is not None and self._identity != _identity(self.folder.lock):
            raise DataError(
                f"{self.folder.path}: the folder was deleted or moved while the run wrote there, so the run "
                "is ended and nothing more is written; start it again"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
