"""What an earlier run left in the folder in which another one is to write."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.run_folder import RunFolder, read_config, read_run
from avqa_lit.config.keys import run_key
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.training.checkpoint_io import UnreadableCheckpointError, read_checkpoint
from avqa_lit.training.checkpoints import obstacle


@dataclass(frozen=True)
class Restart:
    """A checkpoint from which the run of its folder goes on.

    Attributes:
        path: of the file.
        epoch: epochs that were done.
        steps: steps of the next epoch that were done as well.
    """

    path: Path
    epoch: int
    steps: int

    @property
    def place(self) -> str:
        """The place in words."""
        return f"epoch {self.epoch}" + (f" and step {self.steps} of the next" if self.steps else "")


@dataclass(frozen=True)
class EarlierRun:
    """A run that left something in a folder.

    Attributes:
        key: of the run; None where no file tells it.
        checksum: of its data; None where no file tells it.
        config: resolved config; empty where it cannot be read.
        state: finished, interrupted, failed or diverged; None where no file tells it.
        restart: from which it can go on; None where there is none.
        obstacles: for each checkpoint that cannot be used, why.
    """

    key: str | None
    checksum: str | None
    config: dict[str, Any]
    state: str | None
    restart: Restart | None
    obstacles: dict[Path, str]


def earlier_run(folder: RunFolder) -> EarlierRun | None:
    """What an earlier run left in `folder`; None where nothing that took time to make lies there."""
    if not folder.holds_work():
        return None
    state, key, checksum = None, None, None
    with suppress(DataError):
        results = read_run(folder.path).results
        state, key, checksum = results.state, results.key, results.data.checksum
    config: dict[str, Any] = {}
    with suppress(DataError):
        config = read_config(folder)
    restart, obstacles = None, {}
    for path, content, reason in _checkpoints(folder):
        origin = content.get("avqa_lit") or {}
        key, checksum = key or origin.get("key"), checksum or origin.get("checksum")
        if reason is not None:
            obstacles[path] = reason
        elif restart is None:
            restart = Restart(path, content["epoch"], content["resume"]["steps"])
    if checksum is None and folder.best.exists():
        with suppress(UnreadableCheckpointError):
            checksum = (read_checkpoint(folder.best).get("avqa_lit") or {}).get("checksum")
    if key is None and config:
        with suppress(ConfigError):
            key = run_key(config)
    return EarlierRun(key, checksum, config, state, restart, obstacles)


def _checkpoints(folder: RunFolder) -> Iterator[tuple[Path, dict[str, Any], str | None]]:
    """Each checkpoint that a run could go on from, the newest first, with the reason why it cannot."""
    for path in (folder.last, folder.previous):
        if not path.exists():
            continue
        try:
            content = read_checkpoint(path)
        except UnreadableCheckpointError as error:
            yield path, {}, str(error)
        else:
            yield path, content, obstacle(content, folder)
