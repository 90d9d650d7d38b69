"""`trainer.fit` with a run's callbacks and loggers, W&B offline, against a bare loop over the same batches.

The model takes 44 ms a step, most of it asleep, so that what the Trainer adds shows on any machine. Wall time
of an epoch of 60 steps, from its first batch to behind its last.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import lightning as L
import torch
from benchmarks._official import ANSWERS, BATCH, TEXT, data_of, one_thread, store
from benchmarks._timing import ROUNDS, spread
from torch import nn

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.config.build import build_losses, build_optimizer
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.taxonomy import MUSIC_AVQA
from avqa_lit.training.jsonl_logger import JsonlLogger
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.process import quiet_lightning
from avqa_lit.training.schedules import WarmupCosine
from avqa_lit.training.step_seed import StepSeed
from avqa_lit.training.timing import EpochTiming
from avqa_lit.training.wandb_run import wandb_logger

STEPS, STEP_SECONDS = 60, 0.044
LOSS = {"answer": {"_target_": "avqa_lit.losses.cross_entropy.AnswerCrossEntropy"}}
ADAM = {"_target_": "torch.optim.Adam", "lr": 1e-3, "fused": True}


class Paced(nn.Module):
    """Answers from the question alone, and takes its time over it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(TEXT, 64), nn.ReLU(), nn.Linear(64, ANSWERS))

    def forward(self, batch: Batch) -> ModelOutput:
        end = time.perf_counter() + STEP_SECONDS
        output = ModelOutput(logits=self.layers(batch.texts["question"].sentence))
        time.sleep(max(0.0, end - time.perf_counter()))
        return output


class Stopwatch(L.Callback):
    """Wall time of the epoch."""

    def on_train_epoch_start(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.seconds = time.perf_counter() - self.began


def measure() -> dict[str, object]:
    """Seconds of the bare loop by those of the Trainer: 1 is a Trainer that costs nothing."""
    quiet_lightning()
    with tempfile.TemporaryDirectory() as folder, one_thread():
        asked = {"train": STEPS * BATCH, "val": BATCH, "test": BATCH}
        data = data_of(store(Path(folder) / "store", videos=200, asked=asked))
        rounds = []
        for number in range(ROUNDS):
            bare = _bare(data)
            rounds.append((bare, _fit(data, RunFolder(Path(folder) / f"run{number}"))))
    return {
        "target": 0.97,
        "bare loop by Trainer": spread([bare / fit for bare, fit in rounds]),
        "milliseconds that the Trainer adds a step": spread(
            [1e3 * (fit - bare) / STEPS for bare, fit in rounds]
        ),
    }


def _losses() -> WeightedLosses:
    return build_losses(LOSS)


def _bare(data: L.LightningDataModule) -> float:
    network, losses = Paced(), _losses()
    optimizer = build_optimizer(ADAM)(network.parameters())
    began = time.perf_counter()
    for batch in data.loader("train", shuffle=True, rank=0, world_size=1):
        loss, _ = losses(network(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    return time.perf_counter() - began


def _fit(data: L.LightningDataModule, folder: RunFolder) -> float:
    folder.path.mkdir()
    logger = wandb_logger(
        folder=folder, config={}, key="bench", overrides=[], group="bench", project="bench", entity=None,
        mode="offline", tags=[], timeout=10, artifacts=[],
    )  # fmt: skip
    module = AVQAModule(
        model=Paced(), losses=_losses(), features_as_stored=True, labels=ANSWERS, taxonomy=MUSIC_AVQA,
        optimizer=build_optimizer(ADAM),
        schedule=WarmupCosine(warmup=0.05, floor=0.0), monitor="val/acc/overall", log_every_n_steps=50,
        origin={},
    )  # fmt: skip
    watch = Stopwatch()
    trainer = L.Trainer(
        accelerator="cpu", devices=1, max_epochs=1, gradient_clip_val=1.0, log_every_n_steps=1,
        logger=[JsonlLogger(folder.metrics), logger], use_distributed_sampler=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, limit_val_batches=0,
        callbacks=[EpochTiming(folder.timing), StepSeed(0), watch], default_root_dir=folder.path,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    logger.end(failed=False)
    return watch.seconds


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
