"""Where a run begins: at its start, where it was ended, or behind the end of another run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.continuation import Source
from avqa_lit.config.earlier_run import EarlierRun, earlier_run
from avqa_lit.config.keys import differences, told_differences
from avqa_lit.errors import ConfigError


@dataclass(frozen=True)
class Beginning:
    """Where a run begins, decided before it writes anything.

    Attributes:
        told: the decision in words.
        checkpoint: that is loaded; None where the run starts afresh.
        source: the run that this one goes on with, where it begins behind it.
        moves_aside: whether what lies in the folder makes room first.
        damaged: checkpoints in the folder that are not to be used.
        is_done: whether the folder holds this very run, finished, so that nothing is left to do.
    """

    told: str
    checkpoint: Path | None = None
    source: Source | None = None
    moves_aside: bool = False
    damaged: tuple[Path, ...] = ()
    is_done: bool = False


def beginning_of(
    folder: RunFolder, *, config: Mapping[str, Any], key: str, checksum: str, source: Source | None
) -> Beginning:
    """Where the run with this config begins in this folder. Nothing is written.

    Args:
        folder: of the run.
        config: of the run.
        key: of the run.
        checksum: of its data as they are now.
        source: the run that `resume` names, checked; None where it names none.

    Raises:
        ConfigError: the folder holds a run with another config, and this one is to go on with it.
    """

    def first(reason: str, *, moves_aside: bool = False) -> Beginning:
        if source is None:
            return Beginning(f"starts afresh, because {reason}", moves_aside=moves_aside)
        return Beginning(source.told_to(config), source.checkpoint, source, moves_aside)

    earlier = earlier_run(folder)
    if config["resume"] == "never":
        return Beginning("starts afresh, because resume=never", moves_aside=earlier is not None)
    if earlier is None:
        return first(f"no unfinished run of this config ({key}) is there")
    if earlier.key != key:
        raise ConfigError(_another_key(folder, config, earlier))
    if earlier.checksum not in (None, checksum):
        reason = f"the data have changed (checksum {str(earlier.checksum)[:12]} then, {checksum[:12]} now)"
        return first(reason, moves_aside=True)
    if earlier.state == "diverged":
        raise ConfigError(
            f"{folder.path}: this run diverged with this config and these data, and would again; change a "
            "value, or start afresh with resume=never"
        )
    if earlier.state == "finished":
        told = (
            f"is finished with this config and these data, so nothing is left to do; resume=never starts "
            f"afresh, and resume={folder.path} trainer.max_epochs=N hydra.run.dir=DIR goes on for more epochs"
        )
        return Beginning(told, is_done=True)
    reasons = "; ".join(earlier.obstacles.values())
    if earlier.restart is not None:
        told = f"goes on from {earlier.restart.place}"
        if reasons:
            told += f" with {earlier.restart.path.name}, because {reasons}"
        return Beginning(told, earlier.restart.path, damaged=tuple(earlier.obstacles))
    if reasons:
        return first(reasons, moves_aside=True)
    return first("the earlier run ended before it saved a checkpoint")


def _another_key(folder: RunFolder, config: Mapping[str, Any], earlier: EarlierRun) -> str:
    found = differences(config, earlier.config) if earlier.config else {}
    told = f": {told_differences(found)}" if found else f" (its key is {earlier.key or 'not known'})"
    return (
        f"{folder.path}: holds a run with another config{told}. To go on with that run, give its config "
        f"again; to go on for more epochs, give resume={folder.path} and another folder; to start afresh, "
        "give resume=never, which moves that run aside"
    )
