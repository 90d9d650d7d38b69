"""Where a run leaves its files: a folder of its own, or that of an earlier run that it goes on with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import DictConfig, read_write

from avqa_lit.artifacts.atomic import writing
from avqa_lit.artifacts.locks import locked
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.held_folder import HeldFolder
from avqa_lit.config.paths import absolute
from avqa_lit.config.sweep.outcome import has_ended
from avqa_lit.errors import ConfigError
from avqa_lit.training.process import is_first_process


def place_of(config: dict[str, Any], *, key: str) -> HeldFolder:
    """Folder of a run: what the command line names, an unfinished run's unless resume=never, or a new one.

    Raises:
        ConfigError: another process writes to the folder, or runs this config with resume=auto.
        WriteError: the folder cannot be made.
    """
    hydra = HydraConfig.get()
    if any(override.startswith("hydra.run.dir=") for override in hydra.overrides.hydra):
        return HeldFolder(RunFolder(Path(absolute("hydra.run.dir", hydra.run.dir))))
    if any(override.startswith("hydra.sweep.") for override in hydra.overrides.hydra):
        raise ConfigError(
            "hydra.sweep.dir names the folder of a sweep, and this is a single run; name its folder with "
            "hydra.run.dir=DIR"
        )
    runs = Path(config["paths"]["runs"]) / (config["study"] or "train")
    if config["resume"] == "never":
        held = HeldFolder(new_folder(runs, key=key))
    else:
        with _looking_for_runs(runs):
            held = HeldFolder(unfinished(runs, key=key) or new_folder(runs, key=key))
    # Lightning puts this between double quotes on the command line of the processes that it starts.
    quoted = QuotedString(str(held.folder.path), Quote.double).with_quotes()[1:-1]
    with read_write(cast(DictConfig, hydra)):
        hydra.run.dir = quoted
    return held


@contextmanager
def _looking_for_runs(runs: Path) -> Iterator[None]:
    """Let one process at a time look for an unfinished run and take it."""
    if not is_first_process():
        yield
        return
    with writing(runs):
        runs.mkdir(parents=True, exist_ok=True)
    with locked(runs / ".resume.lock"):
        yield


def new_folder(runs: Path, *, key: str) -> RunFolder:
    """A folder named by the time and by a key; the first process makes it, and no two runs get the same.

    Raises:
        WriteError: it cannot be made.
    """
    moment = datetime.now()
    while True:
        folder = RunFolder(runs / f"{moment:%Y-%m-%d_%H-%M-%S}_{key}")
        if not is_first_process():
            return folder
        with writing(folder.path):
            try:
                folder.path.mkdir(parents=True)
            except FileExistsError:
                moment += timedelta(seconds=1)
            else:
                return folder


def unfinished(runs: Path, *, key: str) -> RunFolder | None:
    """The newest run with this key that left a checkpoint and has not come to its end.

    Args:
        runs: folder of runs that are named by time and key.
        key: of the run.

    Raises:
        ConfigError: another process runs this config there now.
    """
    found = [RunFolder(path) for path in sorted(runs.glob(f"*_{key}"), reverse=True)]
    for folder in found:
        if is_first_process() and folder.is_held():
            raise ConfigError(
                f"{folder.path}: another process runs this config now; wait for it, or start a second run of "
                "the same config with resume=never"
            )
    for folder in found:
        has_checkpoint = folder.last.exists() or folder.previous.exists()
        if has_checkpoint and not has_ended(folder.path, key=key):
            return folder
    return None
