"""Scores of a checkpoint, whose config and vocabularies travel in it."""

import pickle
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning as L
import torch
from rich.console import Console

from avqa_lit.artifacts.provenance import git_commit, peak_memory_bytes, versions
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.batch import DataSpec
from avqa_lit.config.build import build, build_module, check_trust
from avqa_lit.config.keys import config_key
from avqa_lit.config.resolve import fill_in_budget, resolved
from avqa_lit.config.schema import Evaluate
from avqa_lit.config.validation import validate
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.metrics.score_table import score_table
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
    config = resolved(cfg)
    validate(config, schema=Evaluate)
    path = Path(config["checkpoint"])
    checkpoint = load_checkpoint(path)
    origin = checkpoint["avqa_lit"]
    trained = origin["config"]
    check_trust(
        {name: trained[name] for name in ("model", "question", "loss", "schedule")},
        trust=config["trust"],
        origin=path,
    )
    if config["data"] is None:
        check_trust(trained["data"], trust=config["trust"], origin=path)
        config["data"] = trained["data"]
    fill_in_budget(config, trained["budget"])

    quiet_lightning()
    source = build(config["data"])
    question = build(trained["question"])
    cache = Path(config["paths"]["cache"]).expanduser()
    store = source.prepare(question, cache=cache, progress=config["display"])
    data = AVQADataModule(
        store,
        text_features=store.text_features(question),
        batch_size=source.batch_size,
        seed=trained["seed"],
        answers=tuple(origin["answers"]),
        words=tuple(origin["words"]),
        drop=config["drop"],
    )
    spec = DataSpec(**origin["spec"])
    if data.spec != spec:
        raise DataError(
            f"{store.path}: its features are {data.spec}, but {path} was trained on {spec}; "
            "use features of the same encoders"
        )
    module = build_module(trained, data, origin=origin)
    module.load_state_dict(checkpoint["state_dict"])
    trainer = L.Trainer(
        accelerator="auto",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    scored = score(trainer, module, data, config["split"])
    identity = config | {"checkpoint": {"config": trained, "epoch": checkpoint["epoch"]}}
    key = config_key(identity)
    moment = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    folder = RunFolder(Path(config["paths"]["runs"]).absolute() / "evaluate" / f"{moment}_{key}")
    folder.write_predictions(config["split"], scored.predictions)
    folder.write_results(
        {
            "state": "finished",
            "key": key,
            "experiment": "evaluate",
            "checkpoint": str(path.absolute()),
            "drop": config["drop"],
            "seed": trained["seed"],
            "best_epoch": checkpoint["epoch"],
            "monitor": trained["monitor"],
            "metrics": scored.metrics,
            "counts": scored.counts,
            "unseen_answers": {config["split"]: scored.unseen_answers},
            "dropped_questions": dict(store.dropped),
            "data": data.facts(question.name),
            "versions": versions(),
            "git": git_commit(),
            "seconds": {"total": round(time.monotonic() - began, 3)},
            "peak_memory_bytes": peak_memory_bytes(),
        }
    )
    console = Console()
    console.print(score_table(scored.metrics, scored.counts, split=config["split"]))
    console.print(str(folder.path), soft_wrap=True, highlight=False)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The checkpoint at `path`, read without unpickling any object.

    Raises:
        ConfigError: no file there, or not a checkpoint that avqa_lit wrote.
    """
    if not path.is_file():
        raise ConfigError(
            f"checkpoint={path}: no such file; a run leaves checkpoints/best.ckpt in its folder"
        )
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError) as error:
        raise ConfigError(
            f"checkpoint={path}: cannot be read as weights and plain values ({error})"
        ) from error
    if not isinstance(checkpoint, dict) or "avqa_lit" not in checkpoint:
        raise ConfigError(f"checkpoint={path}: expected a checkpoint written by avqa_lit.train")
    return checkpoint
