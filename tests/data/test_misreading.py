import shutil

import numpy as np
import pytest

from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.misreading import TrackRows, check_tracks
from avqa_lit.errors import ConfigError, DataError


def rows(number, *, key="data.audio", encoder="vggish", row_shape=(128,), seconds_per_row=1.0, stride=1):
    return TrackRows(
        key=key,
        encoder=encoder,
        row_shape=row_shape,
        rows=np.atleast_1d(np.array(number)),
        seconds_per_row=seconds_per_row,
        stride=stride,
    )


def frames(number, **options):
    return rows(number, **({"key": "data.visual", "encoder": "clip", "row_shape": (512,)} | options))


@pytest.mark.parametrize(
    "tracks",
    [
        [rows([60, 59, 61]), frames([60, 60, 60])],
        [rows(18, seconds_per_row=0.96), frames(90, seconds_per_row=0.2)],
        [rows(10, seconds_per_row=0.96), frames(3, seconds_per_row=2.56)],  # a fourth window is not full
        [rows(60), frames(60, row_shape=(60, 512))],  # as many patches as rows
        [rows(60), frames(1, seconds_per_row=60.0)],
        [rows([60, 0]), frames([0, 5])],  # no clip has both
        [frames(60, row_shape=(512, 14, 14))],
        [frames(60, row_shape=(64, 9, 16))],
        [rows([60, 60, 60]), frames([60, 60, 12])],  # one video that is cut short
        [rows(60), frames(10, seconds_per_row=6.0, stride=6)],
    ],
)
def test_what_can_show_the_same_videos_is_read(tracks):
    check_tracks(tracks)


@pytest.mark.parametrize(
    "row_shape, told",
    [
        (
            (14, 14, 512),
            "would be 14 features of 14 x 512 places, and look like 512 features of 14 x 14 places",
        ),
        ((9, 16, 64), "would be 9 features of 16 x 64 places, and look like 64 features of 9 x 16 places"),
    ],
)
def test_maps_whose_features_stand_last_are_refused(row_shape, told):
    with pytest.raises(
        DataError, match=rf"data.visual \(clip\).*{told}: set data.visual.layout=THWC, or keep"
    ):
        check_tracks([frames(60, row_shape=row_shape)])


@pytest.mark.parametrize(
    "number, row_shape, layout",
    [
        (1, (60, 512), "1TC"),
        (1, (60, 14, 1024), "1TPC"),
        (512, (60,), "CT"),
        (14, (60, 1024), "PTC"),
        (512, (60, 14, 14), "CTHW"),
    ],
)
def test_time_that_is_not_the_first_axis_is_refused(number, row_shape, layout):
    shape = str([number, *row_shape]).replace("[", r"\[").replace("]", r"\]")
    message = (
        rf"data.visual \(clip\): files of shape {shape} would be {number} rows, and the 60 of their"
        rf" second axis fit the 60 s of data.audio .*set data.visual.layout={layout}, or keep .*=accept"
    )
    with pytest.raises(DataError, match=message):
        check_tracks([rows([60, 60]), frames([number, number], row_shape=row_shape)])


def test_spans_that_differ_are_told_with_the_rates_that_make_them_equal():
    message = (
        r"data.audio \(vggish\) covers 18 s: 18 rows of 1 s, and data.visual \(clip\) covers 90 s: 90 rows "
        r"of 1 s, though .*\(medians of 1\): set data.audio.seconds_per_row=5 or data.visual.*=0.2, whichever"
    )
    with pytest.raises(DataError, match=message):
        check_tracks([rows(18), frames(90)])


def test_the_rate_that_is_told_is_that_of_the_files_also_with_a_stride():
    with pytest.raises(DataError, match=r"or data.visual.seconds_per_row=2, whichever"):
        check_tracks([rows(60), frames(10, seconds_per_row=3.0, stride=3)])


@pytest.fixture
def real_clip(real_data, layout):
    """The small data set with the features of a real clip for every video."""
    for encoder, name in (("vggish", "vggish"), ("resnet", "clip_vit_b32_fps5")):
        for video in "abcde":
            shutil.copy(real_data / f"real_clip/{name}.npy", layout / f"feats/{encoder}/{video}.npy")
    return layout


def test_a_real_clip_read_at_a_row_a_second_is_refused_and_at_its_rates_is_read(real_clip, official):
    slow = {"audio": Extraction("vggish"), "visual": Extraction("resnet")}
    message = r"covers 18 s: 18 rows of 1 s, and .* covers 90 s: 90 rows of 1 s"
    with pytest.raises(DataError, match=message):
        official(**slow).prepare()
    assert not (real_clip.parent / "raw_store/vggish+resnet").exists()  # nothing was packed
    store = official(**slow, implausible="accept").prepare()
    with pytest.raises(DataError, match=message):  # of a store that is packed already
        official(**slow).prepare()
    with pytest.raises(DataError, match=message):
        official(**slow, raw=None, store=str(store.path)).prepare()
    assert official(**slow, raw=None, store=str(store.path)).prepare(tracks=["audio"]).tracks.keys() == {
        "audio"
    }
    rates = {
        "audio": Extraction("vggish", seconds_per_row=0.96),
        "visual": Extraction("resnet", seconds_per_row=0.2),
    }
    assert official(**rates).prepare().tracks["visual"].length.max() == 90


def test_tracks_that_are_not_asked_for_are_not_judged(real_clip, official):
    slow = {"audio": Extraction("vggish"), "visual": Extraction("resnet")}
    assert official(**slow).prepare(tracks=["visual"]).tracks.keys() == {"visual"}
    with pytest.raises(DataError, match=r"covers 90 s"):
        official(**slow).prepare()


@pytest.mark.parametrize(
    "axes, order", [((1, 0), "CT"), ((0, 1, 2), "1TC")], ids=["features first", "an axis of length 1"]
)
def test_a_real_clip_in_other_axes_is_read_by_the_layout_that_the_error_names(
    real_clip, official, axes, order, real_data
):
    expected = np.load(real_data / "real_clip/clip_vit_b32_fps5.npy")
    values = expected if len(axes) == 2 else expected[None]
    for video in "abcde":
        np.save(real_clip / f"feats/resnet/{video}.npy", values.transpose(axes))
    audio = Extraction("vggish", seconds_per_row=0.96)
    visual = {"encoder": "resnet", "seconds_per_row": 0.2}
    with pytest.raises(DataError, match=rf"set data.visual.layout={order}"):
        official(audio=audio, visual=Extraction(**visual)).prepare()
    store = official(audio=audio, visual=Extraction(**visual, layout=order)).prepare()
    found = store.tracks["visual"].gather(np.array([0])).values[0]
    np.testing.assert_array_equal(found, expected.astype(np.float16))


def test_another_word_than_error_and_accept_is_refused(official):
    with pytest.raises(ConfigError, match=r"data.implausible=maybe: expected error or accept"):
        official(implausible="maybe")
