"""Scores of another program's answers, with the same tables as a checkpoint's."""

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avqa_lit.config.build import build
from avqa_lit.config.evaluation_folder import leave_evaluation
from avqa_lit.config.keys import config_key
from avqa_lit.config.resolve import require_videos, resolved_evaluation
from avqa_lit.console import PlainConsole
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_coverage import answers_in_order, shown
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.answer_order import named_answers
from avqa_lit.errors import ConfigError
from avqa_lit.metrics.split_scores import UNKNOWN, SplitScores, score_answers

if TYPE_CHECKING:
    from omegaconf import DictConfig


def score_predictions(cfg: "DictConfig") -> None:
    """Score the answers in a file on one split, print the table and leave the run's files.

    The annotations are enough; no feature is read.

    Raises:
        ConfigError: no data to score on, or keys that need a model.
        DataError: a file that cannot be read, does not cover the split, or contradicts it or itself.
    """
    began = time.monotonic()
    config = resolved_evaluation(cfg)
    _check_keys(config)
    path = Path(config["predictions"]).expanduser()
    cache = Path(config["paths"]["cache"]).expanduser()
    given = read_answer_file(path)
    data: Annotated = build(config["data"]).annotated(config["split"], cache=cache)
    named = named_answers(path, answers_in_order(path, given, data), data)
    scores = score_answers(data, named.answers)
    unknown = _unknown(scores)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    leave_evaluation(
        config,
        scores,
        key=config_key(config | {"predictions": sha256}),
        settings={"predictions": path.name, "data": config["data"], "split": config["split"]},
        results={
            "predictions": {"file": str(path.absolute()), "sha256": sha256},
            "seed": None,
            "unknown_answers": {data.split: len(unknown)},
            "dropped_questions": {data.split: data.dropped},
            "data": {
                "store": str(data.where),
                "checksum": data.checksum,
                "encoders": {},
                "questions": {"train": len(data.train), data.split: len(data.asked)},
            },
        },
        began=began,
    )
    console = PlainConsole()
    if unknown:
        console.print(
            f"{len(unknown):,} answers are none that train gives, and count as wrong: "
            f"{shown(repr(one) for one in dict.fromkeys(unknown))}",
            soft_wrap=True,
        )
    if named.own_order:
        console.print(
            "the file does not number its answers in the order of the train split; its truths told the order",
            soft_wrap=True,
        )


def _check_keys(config: dict[str, Any]) -> None:
    for key, nothing in (("checkpoint", None), ("model", None), ("drop", None), ("attention", False)):
        if config[key] != nothing:
            raise ConfigError(
                f"{key}={config[key]} together with predictions={config['predictions']}: given answers need "
                "no model; leave out one of the two"
            )
    if "_target_" not in config["data"]:
        raise ConfigError(
            f"predictions={config['predictions']}: say which questions it answers, with data=music_avqa "
            "data.raw=DIR or the like; annotations are enough, features are not needed"
        )
    require_videos(config["data"])


def _unknown(scores: SplitScores) -> list[str]:
    return [row["given"] for row in scores.predictions if row["prediction"] == UNKNOWN]
