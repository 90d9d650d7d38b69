"""A tiny module that is fitted by a real Trainer, without data on disk."""

import lightning as L
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from avqa_lit.artifacts.run_folder import RunFolder, read_jsonl
from avqa_lit.batch import Batch, ModelOutput, Seats, Text
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.taxonomy import MUSIC_AVQA
from avqa_lit.training.checkpoints import Checkpoints
from avqa_lit.training.interruption import Interruption
from avqa_lit.training.jsonl_logger import JsonlLogger
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.schedules import Constant

ANSWERS, WIDTH = 3, 5
RATE = 0.3


class Linear(nn.Module):
    """Answers from the question's features alone."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(WIDTH, ANSWERS)
        nn.init.normal_(self.layer.weight, generator=torch.Generator().manual_seed(7))
        nn.init.zeros_(self.layer.bias)

    def forward(self, batch):
        return ModelOutput(logits=self.layer(batch.texts["question"].sentence))


def make_batch(questions, *, seed):
    generator = torch.Generator().manual_seed(seed)
    ones, video = torch.ones(questions, dtype=torch.int64), torch.arange(questions)
    return Batch(
        tracks={}, clip=ones, texts={"question": Text(torch.randn(questions, WIDTH, generator=generator))},
        words=ones[:, None], video=video, seats=Seats.of(video, videos=questions),
        answer=torch.randint(ANSWERS, (questions,), generator=generator), category=0 * ones, row=ones,
        weight=torch.ones(questions), total=questions,
    )  # fmt: skip


def joined(batches):
    """One batch with the questions of several."""
    total = sum(batch.total for batch in batches)
    batch = make_batch(total, seed=0)
    return Batch(
        **{
            **vars(batch),
            "texts": {"question": Text(torch.cat([one.texts["question"].sentence for one in batches]))},
            "answer": torch.cat([one.answer for one in batches]),
        }
    )


@pytest.fixture
def batches():
    """Makes batches of questions."""
    return lambda count, *, questions=4: [make_batch(questions, seed=number) for number in range(count)]


@pytest.fixture
def join():
    return joined


class Fitted:
    """What a fit leaves."""

    def __init__(self, trainer, module, folder):
        self.trainer = trainer
        self.weights = {name: value.clone() for name, value in module.state_dict().items()}
        self.rows = read_jsonl(folder.metrics)
        self.folder = folder

    @property
    def trained(self):
        """Rows of training, which each tell the rate of their step."""
        return [row for row in self.rows if "train/lr" in row]

    @property
    def validated(self):
        return [row for row in self.rows if "val/loss" in row]


@pytest.fixture
def fit(tmp_path):
    """Fits the tiny module with SGD; logs every step. Its `folders` are there also where a fit raises."""
    fits = []

    def run(
        train, *, schedule=None, model=None, callbacks=(), log_every_n_steps=1, monitor="val/loss",
        terms=None, optimizer=None, **trainer,
    ):  # fmt: skip
        folder = RunFolder(tmp_path / f"fit{len(fits)}")
        fits.append(folder)
        folder.path.mkdir()
        terms = terms or {"answer": AnswerCrossEntropy(label_smoothing=0.0)}
        module = AVQAModule(
            model=model or Linear(),
            losses=WeightedLosses(
                terms, weights=dict.fromkeys(terms, 1.0), start_epochs=dict.fromkeys(terms, 0)
            ),
            features_as_stored=False,
            labels=ANSWERS,
            taxonomy=MUSIC_AVQA,
            optimizer=optimizer or (lambda parameters: torch.optim.SGD(parameters, lr=RATE)),
            schedule=schedule or Constant(),
            monitor=monitor,
            log_every_n_steps=log_every_n_steps,
            origin={},
        )
        checkpoints = Checkpoints(
            folder, monitor=monitor, resumes_from=None, interruption=Interruption(), check=lambda: None
        )
        fitter = L.Trainer(
            accelerator="cpu", devices=1, logger=JsonlLogger(folder.metrics),
            callbacks=[*callbacks, checkpoints], enable_progress_bar=False, enable_model_summary=False,
            enable_checkpointing=False, num_sanity_val_steps=0, log_every_n_steps=1,
            default_root_dir=tmp_path, **trainer,
        )  # fmt: skip
        loaders = (DataLoader(one, batch_size=None) for one in (train, [make_batch(7, seed=99)]))
        fitter.fit(module, *loaders)
        return Fitted(fitter, module, folder)

    run.folders = fits
    return run
