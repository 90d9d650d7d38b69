"""Where a run leaves its files: a folder of its own, or that of an earlier run that it goes on with."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import DictConfig, read_write

from avqa_lit.artifacts.atomic import writing
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.errors import ConfigError
from avqa_lit.training.process import is_first_process


def place_of(config: dict[str, Any], *, key: str) -> RunFolder:
    """Folder of a run: what the command line names, an unfinished run's with resume=auto, or a new one.

    Raises:
        ConfigError: a value of `resume` that means nothing.
    """
    if config["resume"] not in ("auto", "never"):
        raise ConfigError(f"resume={config['resume']}: expected auto or never")
    hydra = HydraConfig.get()
    if any(one.startswith("hydra.run.dir=") for one in hydra.overrides.hydra):
        return RunFolder(Path(hydra.run.dir).absolute())
    runs = (Path(config["paths"]["runs"]) / (config["experiment"] or "train")).absolute()
    folder = unfinished(runs, key=key) if config["resume"] == "auto" else None
    if folder is None:
        folder = RunFolder(runs / f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{key}")
    # Lightning puts this between double quotes on the command line of the processes that it starts.
    quoted = QuotedString(str(folder.path), Quote.double).with_quotes()[1:-1]
    with read_write(cast(DictConfig, hydra)):
        hydra.run.dir = quoted
    return folder


def unfinished(runs: Path, *, key: str) -> RunFolder | None:
    """The newest run with this key that has a checkpoint, has not come to its end, and runs no more.

    Args:
        runs: folder of runs that are named by time and key.
        key: key of a config.
    """
    for path in sorted(runs.glob(f"*_{key}"), reverse=True):
        folder = RunFolder(path)
        if folder.last.exists() and not _ended(folder) and not (is_first_process() and folder.is_held()):
            return folder
    return None


def _ended(folder: RunFolder) -> bool:
    if not folder.results.exists():
        return False
    state = json.loads(folder.results.read_text("utf-8"))["state"]
    return state in ("finished", "diverged")  # what diverged would diverge again


@contextmanager
def held(folder: RunFolder) -> Iterator[None]:
    """Keep other runs out of a folder; the first process of a run does so for all.

    Raises:
        ConfigError: another run writes there.
    """
    if not is_first_process():
        yield
        return
    with writing(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(folder.lock, timeout=0))
        except Timeout:
            raise ConfigError(
                f"{folder.path}: another run writes there now; wait for it, or name another folder with "
                "hydra.run.dir=DIR"
            ) from None
        yield
