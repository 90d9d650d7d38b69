"""What answer_slots learns from data that it was not chosen on: other concerts, noise and encoders."""

from pathlib import Path

import numpy as np
import pytest

from avqa_lit.data.synthetic.concerts import SyntheticConcerts

VIDEOS = 700
GAIN = 0.08  # over the question-only prior, with room for luck
TRAINING = (
    "model=answer_slots", "loss.kl.weight=0", "trainer.max_epochs=16", "data.batch_size=64",
    "data.group_by_video=3",
)  # fmt: skip


def gain(run):
    metrics = run.results.metrics
    return metrics["test/acc/overall"] - metrics["test/prior/acc/overall"]


@pytest.mark.slow
@pytest.mark.parametrize("variant", [("data.seed=1",), ("data.seed=2", "data.noise=0.5")], ids=" ".join)
def test_it_learns_from_other_concerts(train, variant):
    assert gain(train(*TRAINING, f"data.videos={VIDEOS}", *variant, folder="a")) > GAIN


@pytest.mark.slow
def test_it_learns_from_vectors_of_other_encoders(train, tmp_path):
    raw = SyntheticConcerts(seed=3, videos=VIDEOS, questions_per_video=6, noise=0.2).export_to(
        tmp_path / "raw"
    )
    _encode(raw, "synthetic_audio", "other_ears", width=150, scale=7.0)
    _encode(raw, "synthetic_visual", "other_eyes", width=230, scale=0.2)
    run = train(
        *TRAINING, "data=music_avqa", f"data.raw={raw}", "data.audio.encoder=other_ears",
        "data.audio.seconds_per_row=0.96", "data.visual.encoder=other_eyes",
        "data.visual.seconds_per_row=3.0", folder="a",
    )  # fmt: skip
    assert run.results.data.encoders["visual"] == "other_eyes"
    assert gain(run) > GAIN


def _encode(raw: Path, old: str, new: str, *, width: int, scale: float) -> None:
    """One vector a row, as another encoder would give it: turned, stretched and shifted; patches joined."""
    chance = np.random.default_rng(0)
    mixing = shift = None
    (raw / "feats" / new).mkdir()
    for path in sorted((raw / "feats" / old).glob("*.npy")):
        rows = np.load(path).astype(np.float32)
        rows = rows.reshape(len(rows), -1)
        if mixing is None:
            mixing = scale * chance.standard_normal((rows.shape[1], width)) / rows.shape[1] ** 0.5
            shift = scale * chance.standard_normal(width)
        np.save(raw / "feats" / new / path.name, (rows @ mixing + shift).astype(np.float32))
