"""The Weights & Biases run of a training run; whatever goes wrong with it, the training run goes on.

A server that is missing or dies costs seconds. Settings that W&B refuses, a folder that it cannot write or a
user that it cannot name cost the W&B run, and one warning.
"""

import hashlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from avqa_lit.artifacts.attention import Attention
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.console import print_plain
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Positive
from avqa_lit.training.wandb_media import attention_figures, confusion_matrix, predictions_table

Mode = Literal["online", "offline", "disabled"]
Checkpoint = Literal["best", "last"]
COMPLETE = "the run's own files are complete"


class RunLogger(WandbLogger):
    """Lightning's logger of a run, in which whatever W&B raises becomes one warning.

    Args:
        run: what `wandb.init` gave.
        folder: the training run's.
        key: key of its config.
        timeout: seconds that the server has for its answer at the end.
        artifacts: checkpoints to upload at the end.
    """

    def __init__(
        self, run: Any, *, folder: RunFolder, key: str, timeout: float, artifacts: Collection[str]
    ) -> None:
        # Lightning is handed a run that exists, since it would start one with settings that W&B warns about.
        super().__init__(experiment=run)
        self.folder = folder
        self.key = key
        self.timeout = timeout
        self.artifacts = artifacts
        self._record = Path(run.dir).parent
        self._warned = False

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace) -> None:
        self._attempt(lambda: super(RunLogger, self).log_hyperparams(params))

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._attempt(lambda: super(RunLogger, self).log_metrics(metrics, step))

    def end(
        self,
        *,
        failed: bool,
        summary: Mapping[str, float | None] | None = None,
        predictions: Sequence[Mapping[str, Any]] = (),
        attention: Attention | None = None,
    ) -> None:
        """Write the final metrics under their exact names, tables, figures and checkpoints; close the run.

        Args:
            failed: whether the run ends with an error; W&B shows it as failed.
            summary: final metrics by their full name.
            predictions: rows of predictions.jsonl of the test split.
            attention: of the same questions, where it was kept.
        """
        run = self.experiment
        # What is on disk first: a server that dies behind it costs nothing that cannot be synced.
        self._attempt(lambda: run.summary.update(dict(summary or {})))
        if not failed and self._attempt(self._ask_server):
            if predictions:
                self._attempt(lambda: run.log(_tables(predictions)))
            if attention is not None:
                self._attempt(partial(self._log_attention, predictions, attention))
            for name in self.artifacts:
                self._attempt(partial(self._upload, name))
        if self._attempt(lambda: run.finish(exit_code=int(failed))) and run.url is not None:
            print(run.url)

    def _ask_server(self) -> None:
        """Raise if the server is away: W&B asks it before it takes a table, and would wait much longer."""
        if self.experiment.settings.mode != "online":
            return
        import wandb

        wandb.Api(timeout=max(1, round(self.timeout / 2)))

    def _log_attention(self, predictions: Sequence[Mapping[str, Any]], attention: Attention) -> None:
        figures = attention_figures(predictions, attention)
        if figures:
            self.experiment.log({"test/attention": figures})

    def _upload(self, name: str) -> None:
        import wandb

        run = self.experiment
        path = self.folder.best if name == "best" else self.folder.last
        artifact = wandb.Artifact(f"checkpoint-{run.id}", type="model", metadata={"key": self.key})
        artifact.add_file(str(path), skip_cache=True, policy="immutable")
        run.log_artifact(artifact, aliases=[name])

    def _attempt(self, action: Callable[[], object]) -> bool:
        try:
            action()
        except Exception as error:  # whatever it is, the training run goes on
            if not self._warned:
                _warn(
                    f"{_reason(error)}; {COMPLETE}, send the rest with: "
                    f"wandb sync --include-online {self._record}"
                )
            self._warned = True
            return False
        return True


def wandb_logger(
    *,
    folder: RunFolder,
    config: Mapping[str, Any],
    key: str,
    overrides: Sequence[str],
    group: str,
    name: str | None,
    project: str,
    entity: str | None,
    mode: Mode,
    tags: Sequence[str],
    timeout: Positive,
    artifacts: Sequence[Checkpoint],
) -> RunLogger | None:
    """A logger of one run, offline unless `mode` says otherwise; call it on one process alone.

    The run's id follows from its folder and key, so a run that goes on after an end is the same run there.
    Without credentials, or where the server does not answer, the run is kept offline. Where W&B starts no
    run at all, the reason is one warning, and there is no logger.

    References:
        https://docs.wandb.ai/models/ref/python/functions/init

    Args:
        folder: the run's folder; W&B's own files go to ``wandb/`` below it.
        config: resolved, plain config.
        key: key of the config.
        overrides: what the command line changed, the run's notes.
        group: the experiment.
        name: the run's; None is its key.
        project: W&B project.
        entity: W&B user or team; None is the account's default.
        mode: "offline", "online" or "disabled"; the environment variable WANDB_MODE goes before it.
        tags: tags to filter by.
        timeout: seconds that the server has for its answer, at the beginning and at the end.
        artifacts: checkpoints to upload at the end, of "best" and "last".

    Raises:
        ConfigError: a mode or a checkpoint that does not exist, or a time that is none.
    """
    mode = _checked_mode(mode)
    if timeout <= 0:  # W&B would take it for no limit at all
        raise ConfigError(f"logger.timeout={timeout}: expected seconds above 0")
    for one in artifacts:
        if one not in get_args(Checkpoint):
            raise ConfigError(f"logger.artifacts={list(artifacts)}: expected a list of best and last")
    folder.path.mkdir(parents=True, exist_ok=True)
    _set_defaults(folder)

    def start(mode: Mode) -> Any:
        import wandb

        return wandb.init(
            id=hashlib.sha256(f"{folder.path}\n{key}".encode()).hexdigest()[:16],
            resume="allow",
            name=name or key,
            notes=" ".join(overrides),
            dir=folder.path,
            project=project,
            entity=entity,
            group=group,
            job_type="train",
            tags=list(tags),
            config=dict(config),
            mode=mode,
            # A run of its own even where several live in one process.
            settings=wandb.Settings(
                console="off",
                reinit="create_new",
                init_timeout=timeout,
                finish_timeout=timeout,
                finish_timeout_raises=True,
            ),
        )

    try:
        run = _online(start) if mode == "online" else start(mode)
        # W&B's own steps begin again where a run goes on; Lightning defines this for runs that it starts.
        run.define_metric("trainer/global_step")
        run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
        return RunLogger(run, folder=folder, key=key, timeout=timeout, artifacts=artifacts)
    except Exception as error:  # whatever it is, the training run goes on
        _warn(f"{_reason(error)}; this run is not kept there, {COMPLETE}")
        return None


def _set_defaults(folder: RunFolder) -> None:
    """Settings that W&B reads from the environment alone, where the user gave none."""
    # W&B's reports on itself go to the same server, and would wait for it once more.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    # Tables wait for wandb sync in the run's folder, not in the user's home.
    os.environ.setdefault("WANDB_DATA_DIR", str(folder.path / "wandb"))


def _checked_mode(configured: str) -> Mode:
    name = "WANDB_MODE" if "WANDB_MODE" in os.environ else "logger.mode"
    value = os.environ.get("WANDB_MODE", configured)
    if value not in get_args(Mode):
        raise ConfigError(f"{name}={value}: expected online, offline or disabled")
    return cast(Mode, value)


def _online(start: Callable[[Mode], Any]) -> Any:
    """A run of the server's, or an offline one where there is no account or no server."""
    import wandb

    try:
        if wandb.login(prompt=False, verify=False):
            return start("online")
        problem = "no account (wandb login makes one known)"
    except Exception as error:  # whatever it is, the training run goes on
        problem = _reason(error)
    wandb.teardown()  # else the run's id counts as taken
    run = start("offline")
    _warn(f"{problem}; the run is kept offline, send it with: wandb sync {Path(run.dir).parent}")
    return run


def _tables(predictions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "test/confusion_matrix": confusion_matrix(predictions),
        "test/predictions": predictions_table(predictions),
    }


def _reason(error: Exception) -> str:
    """What an error says, on one line."""
    from pydantic import ValidationError  # W&B checks its settings with it

    if isinstance(error, ValidationError):
        problems = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        return "; ".join(problems).rstrip(".")
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")


def _warn(problem: str) -> None:
    print_plain(f"warning: Weights & Biases: {problem}", file=sys.stderr)
