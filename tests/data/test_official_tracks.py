"""Tracks beside or without the two that every data set has."""

import shutil

import numpy as np
import pytest

from avqa_lit.data.feature_files import Extraction
from avqa_lit.errors import ConfigError, DataError


@pytest.fixture
def patches(layout):
    """Folder of a third track: patches of each video."""
    folder = layout / "feats/patches"
    folder.mkdir()
    for place, video in enumerate("abcde"):
        np.save(folder / f"{video}.npy", np.full((2, 3, 5), float(place)))
    return {"patches": {"encoder": "patches", "modality": "visual", "seconds_per_row": 2.0}}


def test_further_tracks_are_packed_under_their_names(official, layout, patches):
    store = official(tracks=patches).prepare()
    assert store.path == layout.parent / "raw_store/vggish+resnet+patches"
    assert store.encoders == {"audio": "vggish", "visual": "resnet", "patches": "patches"}
    track = store.tracks["patches"]
    assert (track.modality, track.row_shape, track.seconds_per_row) == ("visual", (3, 5), 2.0)
    gathered = track.gather(store.clip_entry["visual"][store.splits["test"].clip])
    assert gathered.values[:, 0, 0, 0].tolist() == [3, 4]
    assert official(tracks=patches).track_modalities == {
        "audio": "audio", "visual": "visual", "patches": "visual"
    }  # fmt: skip


def test_a_track_that_is_not_asked_for_may_be_missing(official, layout, packings):
    shutil.rmtree(layout / "feats/resnet")
    heard = official().prepare(tracks=["audio"])
    assert set(heard.tracks) == {"audio"}
    with pytest.raises(DataError, match="feats/resnet: no folder of visual features"):
        official().prepare(tracks=["audio", "visual"])


def test_files_are_missed_only_in_tracks_that_are_asked_for(official, layout, packings):
    (layout / "feats/resnet/d.npy").unlink()
    assert len(official().prepare(tracks=["audio"]).splits["test"]) == 2
    with pytest.raises(DataError, match=r"1 of 5 questions lack a feature file.*\n.*feats/resnet/d.npy"):
        official().prepare()
    assert official(missing="drop").prepare().splits["test"].row.tolist() == [1]
    assert len(packings) == 1


def test_videos_that_a_view_lacks_are_missed_only_in_tracks_that_are_asked_for(official, layout, views):
    (layout / "feats_far/vggish/b.npy").unlink()
    assert official(views=views).prepare(tracks=["visual"]).views == ("clean", "far", "dark")
    with pytest.raises(DataError, match=r"data.views.far: 1 of 5 feature files are missing"):
        official(views=views).prepare(tracks=["audio"])


def test_a_data_set_may_have_no_visual_track(official, layout):
    shutil.rmtree(layout / "feats/resnet")
    store = official(visual=None).prepare()
    assert store.path == layout.parent / "raw_store/vggish"
    assert set(store.tracks) == {"audio"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tracks": {"audio": {"encoder": "x"}}}, r"data\.tracks\.audio: a second track audio"),
        ({"tracks": {"p": {"encoder": "x"}}}, r"data\.tracks\.p\.modality has no value: give audio"),
        ({"tracks": {"p": {"modality": "visual"}}}, r"data\.tracks\.p\.encoder has no value"),
        (
            {"tracks": {"p": {"encoder": "x", "modality": "visual", "sride": 2}}},
            r"data\.tracks\.p\.sride is not a config key; expected some of encoder, .*stride",
        ),
        ({"tracks": {"p": {"encoder": "x", "modality": "smell"}}}, "modality=smell of x: expected audio or"),
        ({"tracks": {"a/b": {"encoder": "x", "modality": "visual"}}}, r"data\.tracks\.a/b: expected a name"),
        ({"tracks": {"row": {"encoder": "x", "modality": "visual"}}}, r"data\.tracks\.row: expected a name"),
        ({"audio": Extraction("x", modality="visual")}, r"data\.audio\.modality=visual: the track audio is"),
        ({"audio": None, "visual": None}, "data.audio and data.visual are null.*name a track"),
    ],
)
def test_a_track_that_cannot_be_is_refused(official, options, message):
    with pytest.raises(ConfigError, match=message):
        official(**options).track_modalities  # noqa: B018
