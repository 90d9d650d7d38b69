"""A run that goes on where another one ended, for more epochs, under a key and in a folder of its own."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.atomic import copy
from avqa_lit.artifacts.results import StartingPoint
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.keys import differences, told_differences
from avqa_lit.errors import ConfigError
from avqa_lit.training.checkpoint_io import UnreadableCheckpointError, read_checkpoint

# Keys in which the run may differ from the one that it goes on with. Of any other the checkpoint holds the
# consequences, such as the optimizer's rate, and would overrule the new value.
_FREE = ("trainer.", "perturbation", "budget.", "study", "data.raw", "data.store", "data.device")


@dataclass(frozen=True)
class Source:
    """A checkpoint behind which another run begins.

    Attributes:
        checkpoint: the file.
        folder: of the run that wrote it, as far as its files lie there still.
        config: of the run that wrote it.
        key: of that config.
        checksum: of the data of that run.
        epoch: epochs that were done.
        steps: steps of the next epoch that were done as well.
        global_step: steps that were done in all.
        metrics_size: bytes of the run's metrics.jsonl when it was written.
        has_best: whether the checkpoint of the best epoch up to here lies in the folder.
    """

    checkpoint: Path
    folder: RunFolder
    config: dict[str, Any]
    key: str
    checksum: str
    epoch: int
    steps: int
    global_step: int
    metrics_size: int
    has_best: bool

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this place in a training from every other, for keys; its file may lie anywhere."""
        told = asdict(self.facts)
        del told["checkpoint"]
        return told

    @property
    def length(self) -> str:
        """How long the run was planned that ended here, in words."""
        trainer = self.config["trainer"]
        epochs = trainer.get("max_epochs")
        return f"{epochs} epochs" if epochs is not None else f"{trainer.get('max_steps')} steps"

    @property
    def facts(self) -> StartingPoint:
        """Where the run goes on, for results.json."""
        return StartingPoint(
            checkpoint=str(self.checkpoint),
            key=self.key,
            checksum=self.checksum,
            epoch=self.epoch,
            step=self.global_step,
        )

    def check(self, config: Mapping[str, Any], *, checksum: str) -> None:
        """Make sure that a run with `config` can go on from here.

        Raises:
            ConfigError: other data, another model, or as many epochs as were done already.
        """
        for key, done in (("max_epochs", self.epoch), ("max_steps", self.global_step)):
            length = config["trainer"].get(key)
            if isinstance(length, int) and 0 <= length <= done:
                raise ConfigError(
                    f"trainer.{key}={length}: {self.checkpoint} has {done} behind it; give the number from "
                    "the start of the training, those included"
                )
        found = differences(config, self.config)
        fixed = {key: pair for key, pair in found.items() if not key.startswith(_FREE)}
        if fixed:
            raise ConfigError(
                f"resume={self.checkpoint}: the run cannot go on with another config: "
                f"{told_differences(fixed)}. Give the values of that run; only {', '.join(_FREE)} may differ"
            )
        if checksum != self.checksum:
            raise ConfigError(
                f"resume={self.checkpoint}: it was trained on other data (checksum "
                f"{self.checksum[:12]}, now {checksum[:12]}); go on with the same data"
            )

    def told_to(self, config: Mapping[str, Any]) -> str:
        """Where the run with `config` begins, in words, and in which keys it differs from the one before."""
        best = "" if self.has_best else "; its best epoch is not at hand, so the best is chosen from here on"
        found = differences(config, self.config)
        told = f"; {told_differences(found)}" if found else ""
        return (
            f"goes on from epoch {self.epoch} (step {self.global_step}) of {self.checkpoint}, with its "
            f"weights, optimizer state and random numbers{best}{told}"
        )

    def begin_in(self, folder: RunFolder) -> None:
        """Copy to a new folder what a run that was never ended would have written there up to here."""
        metrics = self.folder.metrics
        if metrics.is_file() and metrics.stat().st_size >= self.metrics_size:
            copy(metrics, folder.metrics, size=self.metrics_size)
        if self.folder.timing.is_file():
            copy(self.folder.timing, folder.timing)
        if self.has_best:
            copy(self.folder.best, folder.best)


def source_of(config: Mapping[str, Any], *, checksum: str) -> Source | None:
    """The place that `resume` names, checked; None where the run goes on with no other.

    Args:
        config: of the run.
        checksum: of its data as they are now.

    Raises:
        ConfigError: there is no such place, or a run with this config and these data cannot go on there.
    """
    if config["resume"] in ("auto", "never"):
        return None
    source = read_source(config["resume"])
    source.check(config, checksum=checksum)
    return source


def read_source(resume: str) -> Source:
    """The place that ``resume=PATH`` names: the folder of a run, or its ``last.ckpt``.

    Raises:
        ConfigError: there is no such file, or no run can go on from it.
    """
    path = Path(resume).expanduser().absolute()
    if path.is_dir():
        folder = RunFolder(path)
        path = folder.last
    else:
        folder = RunFolder(path.parents[1] if path.parent.name == "checkpoints" else path.parent)
    if not path.is_file():
        raise ConfigError(
            f"resume={resume}: expected auto, never, the folder of a run or its last.ckpt; "
            f"{path} does not exist"
        )
    try:
        content = read_checkpoint(path)
        origin, state = content["avqa_lit"], content["resume"]
        progress = content["loops"]["fit_loop"]["epoch_progress"]["current"]
        between = state["steps"] > 0 or progress["started"] == progress["processed"]
        source = Source(
            checkpoint=path,
            folder=folder,
            config=origin["config"],
            key=origin["key"],
            checksum=origin["checksum"],
            epoch=content["epoch"],
            steps=state["steps"],
            global_step=content["global_step"],
            metrics_size=state["metrics"],
            has_best=_has_best(folder, state["best"], epochs=content["epoch"]),
        )
    except UnreadableCheckpointError as error:
        raise ConfigError(f"resume={error}") from error
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"resume={path}: expected a last.ckpt of this version of avqa_lit; this file has no {error}"
        ) from error
    if not between:
        raise ConfigError(
            f"resume={path}: was saved before the end of its epoch, as every best.ckpt is; give the folder "
            "of the run, or its last.ckpt"
        )
    return source


def _has_best(folder: RunFolder, best: float, *, epochs: int) -> bool:
    """Whether best.ckpt is that of the best epoch which the checkpoint knows, and whole."""
    if math.isnan(best) or not folder.best.is_file():
        return False
    try:
        return bool(read_checkpoint(folder.best)["epoch"] < epochs)
    except (UnreadableCheckpointError, KeyError, TypeError):
        return False
