"""Scores of a checkpoint, also on other data than it was trained on."""

import time
from typing import TYPE_CHECKING, Any, cast

import lightning as L

from avqa_lit.config.evaluation_folder import leave_evaluation
from avqa_lit.config.keys import config_key
from avqa_lit.config.precision import precision_on
from avqa_lit.config.published import restore_published
from avqa_lit.config.resolve import resolved_evaluation
from avqa_lit.config.restored import restore
from avqa_lit.config.smoke import smoke_reasons
from avqa_lit.console import PlainConsole
from avqa_lit.data.views import CLEAN
from avqa_lit.errors import ConfigError
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
    scores = score(trainer, restored.module, data.module, config["split"], attention=config["attention"])
    checkpoint = str(restored.path.absolute())
    asked = {"data": config["data"], "split": config["split"], "drop": config["drop"]}
    leave_evaluation(
        config,
        scores,
        key=config_key(config | {"checkpoint": {"config": trained, "epoch": restored.epoch}}),
        settings=trained | asked | {"checkpoint": checkpoint},
        results={
            "checkpoint": checkpoint,
            "drop": config["drop"],
            "view": config["data"].get("view", CLEAN),
            "seed": trained["seed"],
            "smoke": smoke_reasons(trained["trainer"]),
            "best_epoch": restored.epoch,
            "monitor": trained["monitor"],
            "precision": str(trainer.precision),
            "dropped_questions": dict(data.module.store.dropped),
            "data": data.facts,
        },
        began=began,
    )
    if restored.taxonomy is not None and restored.taxonomy.names != data.module.store.taxonomy.names:
        PlainConsole().print(
            f"the model was trained on questions of other categories ({', '.join(restored.taxonomy.names)}); "
            "the table has those of the data that were scored",
            soft_wrap=True,
        )
