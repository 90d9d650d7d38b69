import pytest
import torch
from torch import nn

from avqa_lit.batch import Batch, DataSpec, ModelOutput, Track
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.kl import KL
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion
from avqa_lit.taxonomy import MUSIC_AVQA
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
        model=model, losses=losses, labels=13, taxonomy=MUSIC_AVQA, optimizer=torch.optim.Adam,
        schedule=Constant(), monitor="val/acc/overall", log_every_n_steps=50, origin={},
    )  # fmt: skip


@pytest.mark.parametrize("kl", [0.0, 0.1])
def test_a_model_gives_tracks_where_a_loss_reads_them(kl):
    model = CrossAttention(
        SPEC, question=CachedQuestion(SPEC), modalities=["audio", "visual"], norm="pre", dim=12, heads=3,
        blocks=1, queries=1, hidden=17, dropout=0.0,
    )  # fmt: skip
    module_of(model, kl=kl)
    assert model.gives_tracks == (kl > 0)


class Listener(nn.Module):
    """Keeps what it is given."""

    def __init__(self, *, reads_stored_features):
        super().__init__()
        self.reads_stored_features = reads_stored_features

    def forward(self, batch):
        self.given = batch
        return ModelOutput(logits=torch.zeros(1, 13))


@pytest.mark.parametrize(
    ("as_stored", "stored", "given"),
    [(False, "float16", "float32"), (False, "float64", "float64"), (True, "float16", "float16")],
)
def test_a_model_gets_features_in_float32_at_least_unless_it_casts_them(as_stored, stored, given):
    model, ones = Listener(reads_stored_features=as_stored), torch.ones(1, dtype=torch.int64)
    values = torch.randn(1, 2, 3).to(getattr(torch, stored))
    track = Track(values, torch.ones(1, 2, dtype=torch.bool), torch.arange(2.0)[None])
    module_of(model, kl=0.0)(
        Batch(
            audio=track, visual=track, clip=ones, question=torch.ones(1, 1), words=ones[:, None],
            video=0 * ones, answer=ones, category=ones, row=ones, weight=torch.ones(1), total=1,
        )
    )  # fmt: skip
    for heard in (model.given.audio, model.given.visual):
        assert heard.values.dtype == getattr(torch, given)
        assert torch.equal(heard.values, values.to(heard.values.dtype))


def test_a_model_that_asks_nothing_is_told_nothing():
    assert not hasattr(module_of(nn.Linear(2, 3), kl=0.0).model, "gives_tracks")
