import pytest
import torch
from torch import nn

from avqa_lit.batch import Batch, ModelOutput, Seats, Track
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy
from avqa_lit.losses.weighted import WeightedLosses
from avqa_lit.taxonomy import MUSIC_AVQA
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.schedules import Constant


def module_of(model, *, as_stored):
    terms = {"answer": AnswerCrossEntropy(label_smoothing=0.0)}
    losses = WeightedLosses(terms, weights={"answer": 1.0}, start_epochs={"answer": 0})
    return AVQAModule(
        model=model, losses=losses, features_as_stored=as_stored, labels=13, taxonomy=MUSIC_AVQA,
        optimizer=torch.optim.Adam, schedule=Constant(), monitor="val/acc/overall", log_every_n_steps=50,
        origin={},
    )  # fmt: skip


class Listener(nn.Module):
    """Keeps what it is given."""

    def forward(self, batch):
        self.given = batch
        return ModelOutput(logits=torch.zeros(1, 13))


@pytest.mark.parametrize(
    ("as_stored", "stored", "given"),
    [(False, "float16", "float32"), (False, "float64", "float64"), (True, "float16", "float16")],
)
def test_a_model_gets_features_in_float32_at_least_unless_it_casts_them(as_stored, stored, given):
    model, ones = Listener(), torch.ones(1, dtype=torch.int64)
    values = torch.randn(1, 2, 3).to(getattr(torch, stored))
    track = Track(values, torch.ones(1, 2, dtype=torch.bool), torch.arange(2.0)[None])
    module_of(model, as_stored=as_stored)(
        Batch(
            tracks={"audio": track, "visual": track}, clip=ones, texts={}, words=ones[:, None],
            video=0 * ones, seats=Seats.of(0 * ones, videos=1), answer=ones, category=ones, row=ones,
            weight=torch.ones(1), total=1,
        )
    )  # fmt: skip
    for heard in model.given.tracks.values():
        assert heard.values.dtype == getattr(torch, given)
        assert torch.equal(heard.values, values.to(heard.values.dtype))
