"""A model with weights that others published, which hold neither config nor vocabularies."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from avqa_lit.config.build import build_module
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.resolve import require_videos
from avqa_lit.config.restored import Restored, read_weights
from avqa_lit.config.run_data import run_data
from avqa_lit.errors import ConfigError

# What a model that is not trained here leaves open.
NOT_TRAINED: dict[str, Any] = {
    "question": {"_target_": "avqa_lit.data.hashing.HashingEncoder", "dim": 512},
    "optimizer": {"_target_": "torch.optim.Adam"},
    "schedule": {"_target_": "avqa_lit.training.schedules.Constant"},
    "monitor": "val/acc/overall",
    "trainer": {"log_every_n_steps": 1, "precision": "32-true"},
    "seed": 0,
}
ANSWER = {"_target_": "avqa_lit.losses.cross_entropy.AnswerCrossEntropy"}


def restore_published(config: dict[str, Any], *, drop: Literal["audio", "visual"] | None = None) -> Restored:
    """The `model` with the published weights in `checkpoint`, and with the vocabularies of `data`.

    Args:
        config: plain config of a command that reads a checkpoint and names its model and data.
        drop: modality whose features are blanked.

    Raises:
        ConfigError: a checkpoint of ours, no data, a model of which no weights are published, or weights
            that are not its own.
    """
    path = Path(config["checkpoint"])
    weights = read_weights(path)
    if "avqa_lit" in weights:
        raise ConfigError(
            f"checkpoint={path}: it carries its own model, which avqa_lit trained; leave out model"
        )
    if "_target_" not in config["data"]:
        raise ConfigError(
            f"checkpoint={path}: published weights tell nothing of their data; give the official files, "
            "data=music_avqa data.raw=DIR"
        )
    require_videos(config["data"])
    trained = NOT_TRAINED | {
        "model": config["model"],
        "loss": {"answer": ANSWER} | (config["loss"] or {}),
        "weights": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    requirements = requirements_of(trained)
    question = Question(trained["question"])
    data = run_data(config, question=question, requirements=requirements, seed=trained["seed"], drop=drop)
    module = build_module(trained, data, requirements, origin={})
    load = getattr(module.model, "load_published", None)
    if load is None:
        raise ConfigError(
            f"checkpoint={path}: no published weights are known of {config['model']['_target_']}, "
            "expected model=avst or avst_pooled"
        )
    try:
        load(weights)
    except ConfigError as error:
        raise ConfigError(f"checkpoint={path}: {error}") from error
    return Restored(path, trained, None, None, data, module)
