import pytest
import torch
from torch import nn

from avqa_lit.batch import DataSpec
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.kl import KL
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.schedules import Constant

SPEC = DataSpec(audio=(7,), visual=(5,), question=11, words=19, answers=13)


def module_of(model, *, kl):
    terms = {
        "answer": AnswerCrossEntropy(label_smoothing=0.0),
        "kl": KL(direction="forward", temperature=1.0, axis="dim", level="clip"),
    }
    losses = WeightedLosses(terms, weights={"answer": 1.0, "kl": kl}, start_epochs={"answer": 0, "kl": 0})
    return AVQAModule(
        model=model, losses=losses, labels=13, optimizer=torch.optim.Adam, schedule=Constant(),
        monitor="val/acc/overall", log_every_n_steps=50, origin={},
    )  # fmt: skip


@pytest.mark.parametrize("kl", [0.0, 0.1])
def test_a_model_gives_tracks_where_a_loss_reads_them(kl):
    model = CrossAttention(
        SPEC, question=CachedQuestion(SPEC), modalities=["audio", "visual"], norm="pre", dim=12, heads=3,
        blocks=1, queries=1, hidden=17, dropout=0.0,
    )  # fmt: skip
    module_of(model, kl=kl)
    assert model.gives_tracks == (kl > 0)


def test_a_model_that_asks_nothing_is_told_nothing():
    assert not hasattr(module_of(nn.Linear(2, 3), kl=0.0).model, "gives_tracks")
