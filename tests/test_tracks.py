"""Further tracks of a video, from the command line to the files of a run."""

import re
import shutil

import numpy as np
import pytest

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.data.synthetic.concerts import SyntheticConcerts

PATCHES = "data.tracks={patches: {encoder: patches, modality: visual, seconds_per_row: 2.0}}"
NO_KL = "loss.kl.weight=0"


@pytest.fixture
def raw(tmp_path):
    """Exported concerts with a third track beside the two of every data set."""
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=3, noise=0.2)
    folder = concerts.export_to(tmp_path / "raw")
    (folder / "feats/patches").mkdir()
    chance = np.random.default_rng(0)
    for file in (folder / "feats/synthetic_visual").iterdir():
        np.save(folder / "feats/patches" / file.name, chance.normal(size=(9, 2, 5)).astype(np.float32))
    return folder


@pytest.fixture
def train_on(train, raw):
    """Trains on the exported concerts by command line."""

    def of(*overrides, folder="run"):
        return train(
            "data=music_avqa", f"data.raw={raw}", "data.audio.encoder=synthetic_audio",
            "data.audio.seconds_per_row=0.96", "data.visual.encoder=synthetic_visual",
            "data.visual.seconds_per_row=3.0", "trainer.max_epochs=1", *overrides, folder=folder,
        )  # fmt: skip

    return of


def test_a_run_reads_the_tracks_that_its_model_names(train_on):
    run = train_on(PATCHES, "model.tracks=[audio,visual,patches]", "attention=true")
    assert run.results.data.encoders == {
        "audio": "synthetic_audio", "visual": "synthetic_visual", "patches": "patches",
        "question": "hashing_64",
    }  # fmt: skip
    told = read_attention(run.folder.attention("test"))
    assert set(told.tracks) == {"audio", "visual", "patches"}
    assert told.tracks["patches"].seconds.tolist() == [2.0 * row for row in range(9)]
    shares = sum(np.nansum(track.shares.astype(float), axis=1) for track in told.tracks.values())
    assert shares == pytest.approx(1, abs=0.01)


def test_an_alignment_loss_compares_the_named_tracks(train_on):
    run = train_on(
        PATCHES, "model.tracks=[audio,patches]", "loss.kl.weight=0.1", "loss.kl.between=[audio,patches]"
    )
    assert set(run.results.data.encoders) == {"audio", "patches", "question"}
    assert run.results.metrics["test/loss/kl"] > 0


def test_a_model_needs_no_folder_of_a_track_that_it_does_not_read(train_on, raw):
    shutil.rmtree(raw / "feats/synthetic_visual")
    run = train_on("model=audio_question", NO_KL)
    assert run.results.state == "finished"
    assert set(run.results.data.encoders) == {"audio", "question"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("model.tracks=[audio,patches]", NO_KL),
            r"reads the track patches, which these data do not have; they have audio, visual: describe it "
            r"with 'data.tracks.patches=",
        ),
        (
            (PATCHES, "loss.kl.between=[audio,patches]"),
            "loss.kl compares the tokens of audio and patches, and this model gives those of audio, visual",
        ),
        (("model=audio_question",), r"loss.kl compares .* set loss.kl.weight=0 for this model"),
        (("data.visual=null",), "reads the track visual, which these data do not have; they have audio"),
    ],
)
def test_tracks_that_are_missing_are_refused_before_any_data_are_read(
    train_on, raw, overrides, message, capsys
):
    shutil.rmtree(raw)
    with pytest.raises(SystemExit):
        train_on(*overrides)
    assert re.search(message, capsys.readouterr().err)
