"""One training run from its config to its results."""

import atexit
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning as L
from hydra.core.hydra_config import HydraConfig

from avqa_lit.artifacts.atomic import remove_unfinished
from avqa_lit.artifacts.attention import write_attention
from avqa_lit.artifacts.checkpoint_origin import Origin
from avqa_lit.artifacts.provenance import git_commit, peak_memory_bytes, versions
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.yaml_files import write_yaml
from avqa_lit.config.build import TRAINER_KEYS_OF_OURS, build, build_module
from avqa_lit.config.keys import config_key
from avqa_lit.config.precision import precision_on
from avqa_lit.config.question import Question
from avqa_lit.config.resolve import resolved
from avqa_lit.config.restored import load_checkpoint
from avqa_lit.config.run_place import held, place_of
from avqa_lit.config.schema import Train
from avqa_lit.config.threads import set_threads
from avqa_lit.config.validation import validate
from avqa_lit.console import PlainConsole, print_plain
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.views import ALL
from avqa_lit.errors import ConfigError, WriteError
from avqa_lit.metrics.score_table import no_prior_sentence, score_table
from avqa_lit.training.checkpoint_io import AtomicCheckpointIO
from avqa_lit.training.checkpoints import Checkpoints, load_best, resumable
from avqa_lit.training.divergence import Diverged
from avqa_lit.training.interruption import Interrupted, Interruption
from avqa_lit.training.jsonl_logger import JsonlLogger
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.process import is_first_process, quiet_lightning
from avqa_lit.training.progress import FitProgress
from avqa_lit.training.scoring import score
from avqa_lit.training.step_seed import StepSeed
from avqa_lit.training.timing import EpochTiming
from avqa_lit.training.wandb_run import RunLogger, wandb_logger

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
        return cls(config, key, list(HydraConfig.get().overrides.task), place_of(config, key=key))

    def run(self) -> None:
        """Train, score and write results.json, whatever happens.

        Raises:
            Interrupted: the run was told to end, and has saved if it was training.
            Diverged: losses or weights were not finite any more. Nothing is tested then.
        """
        began = time.monotonic()
        timing = EpochTiming(self.folder.timing)
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
        with held(self.folder), Interruption() as interruption:
            try:
                self._begin()
                self._train(results, timing, interruption)
                results["state"] = "finished"
            except Diverged as error:
                results |= error.facts()
                raise
            except Interrupted as error:
                results |= {"state": "interrupted", "reason": f"told to end by {error.signal.name}"}
                if is_first_process():
                    told = (
                        f"{self.folder.path}: {results['reason']}; the same command with resume=auto goes on"
                    )
                    print_plain(told, file=sys.stderr)
                raise
            except BaseException as error:
                results["reason"] = f"{type(error).__name__}: {error}"
                raise
            finally:
                spent = timing.earlier + time.monotonic() - began
                results.setdefault("seconds", {})["total"] = round(spent, 3)
                results["peak_memory_bytes"] = peak_memory_bytes()
                self._end(results)

    def _begin(self) -> None:
        if is_first_process():
            for folder in (self.folder.path, self.folder.last.parent):
                remove_unfinished(folder)
            self.folder.results.unlink(missing_ok=True)
            write_yaml(self.folder.config, self.config)

    def _end(self, results: dict[str, Any]) -> None:
        if is_first_process():
            # On a full disk the reason that is told is the first one.
            with nullcontext() if results["state"] == "finished" else suppress(WriteError):
                self.folder.write_results(results)

    def _train(self, results: dict[str, Any], timing: EpochTiming, interruption: Interruption) -> None:
        quiet_lightning()
        console = PlainConsole(quiet=not is_first_process())
        threads = set_threads(self.config["trainer"])
        data, question = self._data()
        L.seed_everything(self.config["seed"], verbose=False)
        module = self._module(data, question)
        checkpoint = self._checkpoint(data.store.checksum)
        checkpoints = Checkpoints(
            self.folder, monitor=self.config["monitor"], resumes_from=checkpoint, interruption=interruption
        )
        trainer = self._trainer(console, [checkpoints, timing, interruption, StepSeed(self.config["seed"])])
        results |= {
            "world_size": trainer.world_size,
            "threads": threads.count,
            "precision": str(trainer.precision),
            "parameters": sum(one.numel() for one in module.model.parameters()),
            "dropped_questions": dict(data.store.dropped),
            "data": data.facts(question.name),
        }
        with _ending(trainer) as final:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
            fit_seconds = timing.earlier + timing.seconds
            test_began = time.monotonic()
            best_epoch = load_best(trainer, module, self.folder)
            attention = self.config["attention"]
            scores = {
                split: score(trainer, module, data, split, attention=attention) for split in ("val", "test")
            }
            metrics = {name: value for one in scores.values() for name, value in one.metrics.items()}
            final |= {
                "summary": metrics,
                "predictions": scores["test"].predictions,
                "attention": scores["test"].attention,
            }
        if trainer.is_global_zero:
            for split, one in scores.items():
                self.folder.write_predictions(split, one.predictions)
                if one.attention is not None:
                    write_attention(self.folder.attention(split), one.attention)
            console.print(score_table(scores["test"].metrics, scores["test"].counts, split="test"))
            for one in scores.values():
                if one.no_prior:
                    console.print(no_prior_sentence(one.no_prior), soft_wrap=True)
            console.print(f"{self.folder.path}", soft_wrap=True)
        results |= {
            "best_epoch": best_epoch,
            "metrics": metrics,
            "counts": {name: value for one in scores.values() for name, value in one.counts.items()},
            "unseen_answers": {split: one.unseen_answers for split, one in scores.items()},
            "no_prior": {split: one.no_prior for split, one in scores.items() if one.no_prior},
            "seconds": {
                "fit": round(fit_seconds, 3),
                "test": round(time.monotonic() - test_began, 3),
            },
        }

    def _data(self) -> tuple[AVQADataModule, Question]:
        source = build(self.config["data"])
        question = Question(self.config["question"])
        perturbation = build(self.config["perturbation"])
        cache = Path(self.config["paths"]["cache"]).expanduser()
        store = source.prepare(question.encoder, cache=cache, progress=self.config["display"])
        store = store.with_train_share(self.config["data"].get("train_share", 1.0))
        data = AVQADataModule(
            store,
            text_features=store.text_features(question.encoder),
            batch_size=source.batch_size,
            seed=self.config["seed"],
            train_views=self.config["data"].get("train_views", ALL),
            perturbation=perturbation,
            group_by_video=self.config["data"].get("group_by_video", 1),
            device=self.config["data"].get("device"),
        )
        return data, question

    def _checkpoint(self, checksum: str) -> Path | None:
        """What the run goes on from; None where it starts afresh, of which earlier files are removed."""
        if self.config["resume"] == "auto" and self.folder.last.exists():
            checkpoint = load_checkpoint(self.folder.last)
            if resumable(checkpoint, self.folder, key=self.key, checksum=checksum):
                return self.folder.last
        if is_first_process():
            for old in (self.folder.last, self.folder.best, *self.folder.logs):
                old.unlink(missing_ok=True)
        return None

    def _module(self, data: AVQADataModule, question: Question) -> AVQAModule:
        return build_module(
            self.config,
            data,
            question,
            origin=Origin(
                key=self.key,
                checksum=data.store.checksum,
                config={**self.config, "data": _from_anywhere(self.config["data"])},
                answers=data.answers,
                words=data.words,
                spec=asdict(data.spec),
            ).plain(),
        )

    def _trainer(self, console: PlainConsole, callbacks: list[L.Callback]) -> L.Trainer:
        node = {k: v for k, v in self.config["trainer"].items() if k not in TRAINER_KEYS_OF_OURS}
        if self.config["display"]:
            callbacks.append(FitProgress(console, monitor=self.config["monitor"]))
        return L.Trainer(
            **node | {"precision": precision_on(node["precision"], accelerator=node["accelerator"])},
            logger=self._loggers(),
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            default_root_dir=self.folder.path,
            log_every_n_steps=1,
            use_distributed_sampler=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )

    def _loggers(self) -> list[Any]:
        loggers: list[Any] = [JsonlLogger(self.folder.metrics)]
        node = dict(self.config["logger"])
        name = node.pop("name")
        if name == "wandb" and is_first_process():
            logger = wandb_logger(
                folder=self.folder,
                config=self.config,
                key=self.key,
                overrides=self.overrides,
                group=self.config["experiment"] or "train",
                **node,
            )
            loggers += [] if logger is None else [logger]
        elif name not in ("wandb", "none"):
            raise ConfigError(f"logger.name={name}: expected wandb or none")
        return loggers


def _from_anywhere(data: dict[str, Any]) -> dict[str, Any]:
    """The data node with absolute paths, for a checkpoint that is evaluated from another folder."""
    paths = {
        name: str(Path(data[name]).absolute()) for name in ("raw", "store") if data.get(name) is not None
    }
    return data | paths


@contextmanager
def _ending(trainer: L.Trainer) -> Iterator[dict[str, Any]]:
    """Close the W&B run with what the block gives; after an error, leave no process behind."""
    final: dict[str, Any] = {}
    failed = True
    try:
        yield final
        failed = False
    finally:
        for logger in trainer.loggers:
            if isinstance(logger, RunLogger):
                logger.end(failed=failed, **final)
        launcher = trainer.strategy.launcher
        if failed and launcher is not None:
            # Not before the end: Lightning watches them, and kills this process where one of them dies.
            atexit.register(launcher.kill, signal.SIGKILL)
