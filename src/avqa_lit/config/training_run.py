"""One training run from its config to its results."""

import os
import signal
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning as L
import torch
import yaml
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger
from rich.console import Console

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.artifacts.provenance import git_commit, peak_memory_bytes, versions
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.build import TRAINER_KEYS_OF_OURS, build, build_losses, build_model, build_optimizer
from avqa_lit.config.keys import config_key
from avqa_lit.config.resolve import resolved
from avqa_lit.config.schema import Train
from avqa_lit.config.sweep.slots import available_cores
from avqa_lit.config.validation import validate
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.errors import ConfigError
from avqa_lit.metrics.score_table import score_table
from avqa_lit.training.checkpoint_io import AtomicCheckpointIO
from avqa_lit.training.jsonl_logger import JsonlLogger
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.process import is_first_process, quiet_lightning
from avqa_lit.training.progress import FitProgress
from avqa_lit.training.scoring import score
from avqa_lit.training.timing import EpochTiming
from avqa_lit.training.wandb_run import finish, wandb_logger

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass
class TrainingRun:
    """A run whose config is checked and whose folder has a name.

    Attributes:
        config: plain, resolved config.
        key: key of the config.
        overrides: what the command line changed.
        folder: where the run leaves its files; rank zero alone writes there.
    """

    config: dict[str, Any]
    key: str
    overrides: list[str]
    folder: RunFolder

    @classmethod
    def from_config(cls, cfg: "DictConfig") -> "TrainingRun":
        """Check the config and name the folder.

        Raises:
            ConfigError: a key that nothing reads, or a value that is missing.
        """
        config = resolved(cfg)
        validate(config, schema=Train)
        key = config_key(config)
        hydra = HydraConfig.get()
        if any(one.startswith("hydra.run.dir=") for one in hydra.overrides.hydra):
            path = Path(hydra.run.dir)
        else:
            moment = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
            path = Path(config["paths"]["runs"]) / (config["experiment"] or "train") / f"{moment}_{key}"
        return cls(config, key, list(hydra.overrides.task), RunFolder(path.absolute()))

    def run(self) -> None:
        """Train, score and write results.json, whatever happens."""
        began = time.monotonic()
        results: dict[str, Any] = {
            "state": "failed",
            "key": self.key,
            "experiment": self.config["experiment"],
            "overrides": self.overrides,
            "seed": self.config["seed"],
            "monitor": self.config["monitor"],
            "versions": versions(),
            "git": git_commit(),
        }
        if is_first_process():
            self._begin()
        try:
            results |= self._train()
            results["state"] = "finished"
        except KeyboardInterrupt:
            results |= {"state": "interrupted", "reason": "interrupted from the keyboard"}
            raise
        except SystemExit as error:
            # Lightning leaves a fit that was told to terminate as if it had ended well.
            results |= {"state": "interrupted", "reason": "told to terminate"}
            raise SystemExit(error.code or 128 + signal.SIGTERM) from error
        except BaseException as error:
            results["reason"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            results.setdefault("seconds", {})["total"] = round(time.monotonic() - began, 3)
            results["peak_memory_bytes"] = peak_memory_bytes()
            if is_first_process():
                self.folder.write_results(results)

    def _begin(self) -> None:
        """Empty the folder's logs, which are appended to, and keep the config."""
        for old in (self.folder.results, self.folder.metrics, self.folder.timing):
            old.unlink(missing_ok=True)
        write_text(self.folder.config, yaml.safe_dump(self.config, sort_keys=False, allow_unicode=True))

    def _train(self) -> dict[str, Any]:
        quiet_lightning()
        console = Console(quiet=not is_first_process())
        threads = _set_threads(self.config["trainer"])
        source = build(self.config["data"])
        question = build(self.config["question"])
        store = source.prepare(
            question, cache=Path(self.config["paths"]["cache"]).expanduser(), progress=self.config["display"]
        )
        data = AVQADataModule(
            store,
            text_features=store.text_features(question),
            batch_size=source.batch_size,
            seed=self.config["seed"],
        )
        L.seed_everything(self.config["seed"], verbose=False)
        module = self._module(data)
        trainer = self._trainer(console)
        fit_began = time.monotonic()
        failed = True
        try:
            trainer.fit(module, datamodule=data)
            if trainer.interrupted:
                raise KeyboardInterrupt
            test_began = time.monotonic()
            chosen = trainer.checkpoint_callback
            assert isinstance(chosen, ModelCheckpoint)
            best = torch.load(chosen.best_model_path, map_location="cpu", weights_only=True)
            module.load_state_dict(best["state_dict"])
            scores = {split: score(trainer, module, data, split) for split in ("val", "test")}
            failed = False
        finally:
            for logger in trainer.loggers:
                if isinstance(logger, WandbLogger):
                    finish(logger, summary={} if failed else _summary(scores), failed=failed)
        if trainer.is_global_zero:
            for split, one in scores.items():
                self.folder.write_predictions(split, one.predictions)
            console.print(score_table(scores["test"].metrics, scores["test"].counts, split="test"))
            console.print(f"{self.folder.path}", soft_wrap=True, highlight=False)
        return {
            "world_size": trainer.world_size,
            "threads": threads,
            "precision": str(trainer.precision),
            "best_epoch": best["epoch"],
            "parameters": sum(one.numel() for one in module.model.parameters()),
            "metrics": _summary(scores),
            "counts": {name: value for one in scores.values() for name, value in one.counts.items()},
            "unseen_answers": {split: one.unseen_answers for split, one in scores.items()},
            "dropped_questions": dict(store.dropped),
            "data": data.facts(question.name),
            "seconds": {
                "fit": round(test_began - fit_began, 3),
                "test": round(time.monotonic() - test_began, 3),
            },
        }

    def _module(self, data: AVQADataModule) -> AVQAModule:
        return AVQAModule(
            model=build_model(self.config["model"], data.spec),
            losses=build_losses(self.config["loss"]),
            labels=len(data.labels),
            optimizer=build_optimizer(self.config["optimizer"]),
            schedule=build(self.config["schedule"]),
            monitor=self.config["monitor"],
            log_every_n_steps=self.config["trainer"]["log_every_n_steps"],
            origin={
                "config": {**self.config, "data": _from_anywhere(self.config["data"])},
                "answers": list(data.answers),
                "words": list(data.words),
                "spec": asdict(data.spec),
            },
        )

    def _trainer(self, console: Console) -> L.Trainer:
        node = {k: v for k, v in self.config["trainer"].items() if k not in TRAINER_KEYS_OF_OURS}
        callbacks: list[L.Callback] = [
            ModelCheckpoint(
                dirpath=self.folder.checkpoints,
                filename="best",
                monitor=self.config["monitor"],
                mode="max",
                save_top_k=1,
                enable_version_counter=False,
            ),
            ModelCheckpoint(
                dirpath=self.folder.checkpoints, filename="last", save_top_k=1, enable_version_counter=False
            ),
            EpochTiming(self.folder.timing),
        ]
        if self.config["display"]:
            callbacks.append(FitProgress(console, monitor=self.config["monitor"]))
        return L.Trainer(
            **node,
            logger=self._loggers(),
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            default_root_dir=self.folder.path,
            log_every_n_steps=1,
            use_distributed_sampler=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )

    def _loggers(self) -> list[Any]:
        loggers: list[Any] = [JsonlLogger(self.folder.metrics)]
        node = dict(self.config["logger"])
        name = node.pop("name")
        if name == "wandb" and is_first_process():
            mode = os.environ.get("WANDB_MODE", node.pop("mode"))
            group = self.config["experiment"] or "train"
            loggers.append(
                wandb_logger(
                    folder=self.folder.path,
                    config=self.config,
                    key=self.key,
                    group=group,
                    **{**node, "mode": mode},
                )
            )
        elif name not in ("wandb", "none"):
            raise ConfigError(f"logger.name={name}: expected wandb or none")
        return loggers


def _from_anywhere(data: dict[str, Any]) -> dict[str, Any]:
    """The data node with absolute paths, for a checkpoint that is evaluated from another folder."""
    paths = {
        name: str(Path(data[name]).absolute()) for name in ("raw", "store") if data.get(name) is not None
    }
    return data | paths


def _summary(scores: dict[str, Any]) -> dict[str, float]:
    return {name: value for one in scores.values() for name, value in one.metrics.items()}


def _set_threads(trainer: dict[str, Any]) -> int:
    """Set and return the number of threads of each process."""
    threads = trainer["threads"]
    if threads == "auto":
        devices = trainer["devices"]
        processes = devices if trainer["accelerator"] == "cpu" and isinstance(devices, int) else 1
        threads = max(1, available_cores() // processes)
    torch.set_num_threads(int(threads))
    return int(threads)
