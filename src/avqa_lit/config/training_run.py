"""One training run from its config to its results."""

import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import lightning as L
from hydra.core.hydra_config import HydraConfig

from avqa_lit.artifacts.attention import write_attention
from avqa_lit.artifacts.checkpoint_origin import Origin
from avqa_lit.artifacts.provenance import git_commit, peak_memory_bytes, versions
from avqa_lit.artifacts.results import Results, Seconds
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.beginning import Beginning, beginning_of
from avqa_lit.config.build import build, build_module, trainer_arguments
from avqa_lit.config.continuation import Source, source_of
from avqa_lit.config.ending import ending
from avqa_lit.config.held_folder import HeldFolder
from avqa_lit.config.keys import run_key
from avqa_lit.config.loggers import run_loggers
from avqa_lit.config.processes import settle_rank
from avqa_lit.config.processors import Processors
from avqa_lit.config.profile import profile_told
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import Requirements, requirements_of
from avqa_lit.config.resolve import resolved
from avqa_lit.config.run_data import RunData, run_data
from avqa_lit.config.run_place import place_of
from avqa_lit.config.schema import Train
from avqa_lit.config.scored_results import with_scores
from avqa_lit.config.smoke import as_limits, check_shares, smoke_reasons, smoke_sentence
from avqa_lit.config.texts import prompt_of
from avqa_lit.config.threads import set_threads
from avqa_lit.config.trial import try_on_this_machine
from avqa_lit.config.understood import tell_understood
from avqa_lit.config.validation import validate
from avqa_lit.console import PlainConsole
from avqa_lit.data.overlap import refuse_overlap
from avqa_lit.data.store import FeatureStore
from avqa_lit.metrics.score_table import no_prior_sentence, score_table
from avqa_lit.training.checkpoint_io import AtomicCheckpointIO
from avqa_lit.training.checkpoints import Checkpoints, load_best
from avqa_lit.training.divergence import Diverged
from avqa_lit.training.interruption import Interrupted, Interruption
from avqa_lit.training.longer_schedule import LongerSchedule
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.process import is_first_process, quiet_lightning
from avqa_lit.training.progress import FitProgress
from avqa_lit.training.same_batches import SameBatches
from avqa_lit.training.scoring import score
from avqa_lit.training.step_seed import StepSeed
from avqa_lit.training.timing import EpochTiming

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class _Prepared:
    threads: Processors
    data: RunData
    module: AVQAModule
    source: Source | None
    beginning: Beginning
    trainer: L.Trainer


@dataclass
class TrainingRun:
    """A run whose config is checked and whose folder has a name.

    Attributes:
        config: plain, resolved config.
        key: key of the config.
        overrides: what the command line changed.
        held: the folder in which the run leaves its files; rank zero alone writes there.
        results: what is known of the run so far; of one that has not begun, nothing but that.
    """

    config: dict[str, Any]
    key: str
    overrides: list[str]
    held: HeldFolder
    results: Results = field(init=False, default=Results(state="failed"))

    @property
    def folder(self) -> RunFolder:
        """Where the run leaves its files."""
        return self.held.folder

    @property
    def _again(self) -> str:
        alone = self.config["resume"] in ("auto", "never")
        return "with resume=auto goes on" if alone else "goes on"

    @classmethod
    def from_config(cls, cfg: "DictConfig") -> "TrainingRun":
        """Check the config and hold the folder.

        Raises:
            ConfigError: a key that nothing reads, a value that is missing or cannot be used, or something
                that this machine lacks.
        """
        config = resolved(cfg)
        validate(config, schema=Train)
        quiet_lightning()
        settle_rank(config["trainer"])
        try_on_this_machine(config)
        key = run_key(config)
        return cls(config, key, list(HydraConfig.get().overrides.task), place_of(config, key=key))

    def run(self) -> None:
        """Train, score and write results.json, whatever happens.

        Raises:
            Interrupted: the run was told to end, and has saved if it was training.
            Diverged: losses or weights were not finite any more. Nothing is tested then.
        """
        began = time.monotonic()
        timing = EpochTiming(self.folder.timing)
        self.results = Results(
            state="failed",
            key=self.key,
            experiment=self.config["study"],
            overrides=tuple(self.overrides),
            seed=self.config["seed"],
            monitor=self.config["monitor"],
            smoke=tuple(smoke_reasons(self.config["trainer"])),
            versions=versions(),
            git=git_commit(),
        )
        with self.held, Interruption() as interruption:
            # What an earlier run left stays as it is until this run is known to start.
            begun = not self.folder.holds_work()
            try:
                if begun:
                    self.held.begin(self.config)
                prepared = self._prepare(timing, interruption)
                if prepared.beginning.is_done:
                    self.held.tell(prepared.beginning.told)
                    return
                self.held.make_room(prepared.beginning, config=self.config)
                begun = True
                self._train(prepared, timing)
                self.results = replace(self.results, state="finished")
            except Diverged as error:
                self.results = replace(
                    self.results, state="diverged", reason=str(error), diverged=error.divergence
                )
                raise
            except Interrupted as error:
                reason = f"told to end by {error.signal.name}"
                self.results = replace(self.results, state="interrupted", reason=reason)
                self.held.tell(f"{reason}; the same command {self._again}", file=sys.stderr)
                raise
            except BaseException as error:
                self.results = replace(self.results, reason=f"{type(error).__name__}: {error}")
                raise
            finally:
                spent = timing.earlier + time.monotonic() - began
                seconds = replace(self.results.seconds, total=round(spent, 3))
                self.results = replace(self.results, seconds=seconds, peak_memory_bytes=peak_memory_bytes())
                if begun:
                    self.held.end(self.results)

    def _prepare(self, timing: EpochTiming, interruption: Interruption) -> "_Prepared":
        """Everything that can be refused, and nothing that writes to the run's folder."""
        threads = set_threads(self.config["trainer"])
        requirements = requirements_of(self.config)
        data = self._data(requirements)
        store = data.module.store
        check_shares(as_limits(self.config["trainer"]), data.module)
        checksum = store.checksum
        tell_understood(store, threads, shown=self.config["display"] and is_first_process())
        L.seed_everything(self.config["seed"], verbose=False)
        module = self._module(data, requirements)
        module.optimizer(module.parameters())  # refuses values that it cannot take
        source = source_of(self.config, checksum=checksum)
        beginning = beginning_of(
            self.folder, config=self.config, key=self.key, checksum=checksum, source=source
        )
        checkpoints = Checkpoints(
            self.folder,
            monitor=self.config["monitor"],
            resumes_from=beginning.checkpoint,
            interruption=interruption,
            check=self.held.check,
            keeps_best=beginning.source is None or beginning.source.has_best,
        )
        callbacks = [checkpoints, timing, interruption, StepSeed(self.config["seed"])]
        if beginning.source is not None:
            callbacks.append(LongerSchedule(was=beginning.source.length))
        trainer = self._trainer(callbacks)
        return _Prepared(threads, data, module, source, beginning, trainer)

    def _train(self, prepared: "_Prepared", timing: EpochTiming) -> None:
        data, module, trainer = prepared.data.module, prepared.module, prepared.trainer
        trainer.loggers = run_loggers(self.config, folder=self.folder, key=self.key, overrides=self.overrides)
        self.results = replace(
            self.results,
            world_size=trainer.world_size,
            threads=prepared.threads.count,
            precision=str(trainer.precision),
            parameters=sum(parameter.numel() for parameter in module.model.parameters()),
            dropped_questions=dict(data.store.dropped),
            data=prepared.data.facts,
            goes_on_from=None if prepared.source is None else prepared.source.facts,
        )
        with ending(trainer) as final:
            with profile_told(trainer, self.folder):
                trainer.fit(module, datamodule=data, ckpt_path=prepared.beginning.checkpoint)
            trained = dict(trainer.progress_bar_metrics)  # the test clears them
            fit_seconds = timing.earlier + timing.seconds
            test_began = time.monotonic()
            best_epoch = load_best(trainer, module, self.folder)
            attention = self.config["attention"]
            scores = {
                split: score(trainer, module, data, split, attention=attention) for split in ("val", "test")
            }
            self.results = with_scores(self.results, scores)
            final.summary = self.results.metrics
            final.predictions, final.attention = scores["test"].predictions, scores["test"].attention
        self.held.check()
        if trainer.is_global_zero:
            console = PlainConsole()
            for split, scored in scores.items():
                self.folder.write_predictions(split, scored.predictions)
                if scored.attention is not None:
                    write_attention(self.folder.attention(split), scored.attention)
            test = scores["test"]
            console.print(score_table(test.metrics, test.counts, test.taxonomy, split="test"))
            if self.results.smoke:
                console.print(smoke_sentence(self.results.smoke, trained=trained), soft_wrap=True)
            for scored in scores.values():
                if scored.no_prior:
                    console.print(no_prior_sentence(scored.no_prior), soft_wrap=True)
            console.print(f"{self.folder.path}", soft_wrap=True)
        self.results = replace(
            self.results,
            best_epoch=best_epoch,
            seconds=Seconds(fit=round(fit_seconds, 3), test=round(time.monotonic() - test_began, 3)),
        )

    def _data(self, requirements: Requirements) -> RunData:
        def without_overlap(store: FeatureStore) -> FeatureStore:
            refuse_overlap(store, allowed=self.config["allow_overlap"])
            return store

        return run_data(
            self.config,
            question=Question(self.config["question"]),
            requirements=requirements,
            prompt=prompt_of(self.config),
            asked=without_overlap,
            seed=self.config["seed"],
            trains=True,
            perturbation=build(self.config["perturbation"]),
        )

    def _module(self, run: RunData, requirements: Requirements) -> AVQAModule:
        data = run.module
        return build_module(
            self.config,
            run,
            requirements,
            origin=Origin(
                key=self.key,
                checksum=data.store.checksum,
                config=self.config,
                answers=data.answers,
                words=data.words,
                spec=data.spec.plain(),
                taxonomy=data.store.taxonomy,
            ).plain(),
        )

    def _trainer(self, callbacks: list[L.Callback]) -> L.Trainer:
        if self.config["trainer"].get("overfit_batches"):
            callbacks.append(SameBatches())
        if self.config["display"]:
            callbacks.append(
                FitProgress(PlainConsole(quiet=not is_first_process()), monitor=self.config["monitor"])
            )
        return L.Trainer(
            **trainer_arguments(self.config["trainer"]),
            logger=False,
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
