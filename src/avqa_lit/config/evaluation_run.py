"""Scores of a checkpoint, also on other data than it was trained on."""

import time
from typing import TYPE_CHECKING, Any, cast

import lightning as L

from avqa_lit.artifacts.results import Results
from avqa_lit.config.evaluation_folder import new_evaluation, show_scores, write_evaluation
from avqa_lit.config.keys import config_key
from avqa_lit.config.precision import precision_on
from avqa_lit.config.published import restore_published
from avqa_lit.config.resolve import resolved_evaluation
from avqa_lit.config.restored import Restored, restore
from avqa_lit.config.smoke import smoke_reasons
from avqa_lit.console import print_plain
from avqa_lit.data.answer_coverage import shown
from avqa_lit.data.answers_known import answers_known
from avqa_lit.data.views import CLEAN
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.training.process import quiet_lightning
from avqa_lit.training.scoring import score

if TYPE_CHECKING:
    from omegaconf import DictConfig


def evaluate(cfg: "DictConfig") -> None:
    """Score the checkpoint on one split, print the table and leave the run's files.

    Raises:
        ConfigError: no checkpoint of ours there, or one that names classes which are not trusted.
        DataError: features of another shape than the checkpoint was trained on.
    """
    began = time.monotonic()
    config = resolved_evaluation(cfg)
    for name, value in config["answers"].items():
        if value:
            raise ConfigError(
                f"answers.{name}={value}: is for the answers of another program; a checkpoint gives its own"
            )
    if config["checkpoint"] is None:
        raise ConfigError(
            "neither checkpoint nor predictions has a value: give checkpoint=PATH to score a checkpoint, or "
            "predictions=FILE to score the answers of another program"
        )
    quiet_lightning()
    read = restore if config["model"] is None else restore_published
    restored = read(config, drop=config["drop"])
    trainer = L.Trainer(
        accelerator="auto",
        # As in the run itself, whose scores a checkpoint shall give again.
        precision=cast(Any, precision_on(restored.trained["trainer"]["precision"], accelerator="auto")),
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data, trained = restored.data, restored.trained
    _check_answers(restored, config["split"])
    scores = score(trainer, restored.module, data.module, config["split"], attention=config["attention"])
    checkpoint = str(restored.path.absolute())
    asked = {"data": config["data"], "split": config["split"], "drop": config["drop"]}
    key = config_key(config | {"checkpoint": {"config": trained, "epoch": restored.epoch}})
    folder = write_evaluation(
        new_evaluation(config, key),
        scores,
        split=config["split"],
        key=key,
        settings=trained | asked | {"checkpoint": checkpoint},
        results=Results(
            state="finished",
            checkpoint=checkpoint,
            drop=config["drop"],
            view=config["data"].get("view", CLEAN),
            seed=trained["seed"],
            smoke=tuple(smoke_reasons(trained["trainer"])),
            best_epoch=restored.epoch,
            monitor=trained["monitor"],
            precision=str(trainer.precision),
            dropped_questions=dict(data.module.store.dropped),
            data=data.facts,
        ),
        began=began,
    )
    show_scores(scores, split=config["split"])
    print_plain(folder.path)
    if restored.taxonomy is not None and restored.taxonomy.names != data.module.store.taxonomy.names:
        print_plain(
            f"the model was trained on questions of other categories ({', '.join(restored.taxonomy.names)}); "
            "the table has those of the data that were scored"
        )


def _check_answers(restored: Restored, split: str) -> None:
    """Tell which answers of a split the model cannot give; refuse data of which it knows none."""
    store, own = restored.data.module.store, restored.data.module.answers
    if split not in store.splits:
        return  # refused where the split is opened
    truths = [store.labels[label] for label in store.splits[split].answer.tolist()]
    found = answers_known(truths, own)
    known = f"{restored.path}: knows {found.distinct - len(found.unknown)} of the {found.distinct} answers"
    if not found.unknown:
        return
    told = f"{known} of {split} in {store.path}; not {found.examples}"
    if found.unknown_total == found.total:
        raise DataError(
            f"{told}; its own are {shown(map(repr, own))}. Choose the data that it was trained for, with "
            "data=NAME and the keys of that set"
        )
    print_plain(f"{told}; {found.unknown_total:,} of {found.total:,} questions count as wrong for that")
