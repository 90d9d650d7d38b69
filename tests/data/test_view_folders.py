import numpy as np
import pytest

from avqa_lit.data.feature_files import Extraction
from avqa_lit.errors import DataError


def test_views_are_packed_beside_the_clean_features(official, layout, views):
    store, plain = official(views=views).prepare(), official().prepare()
    assert store.path == plain.path.with_name("vggish+resnet+far+dark")
    assert store.views == ("clean", "far", "dark")
    for name, values in (("audio", (50, None)), ("visual", (50, 60))):
        track, expected = store.tracks[name], plain.tracks[name].gather(np.arange(5)).values
        np.testing.assert_array_equal(track.gather(np.arange(5)).values, expected)
        for view, value in enumerate(values, start=1):
            found = track.gather(np.arange(5) + 5 * view).values
            np.testing.assert_array_equal(found, expected if value is None else np.full_like(found, value))
            assert found.shape[1] == (expected.shape[1] if value is None else 2)


def test_a_packed_store_keeps_its_views_without_the_raw_folder(official, views, tmp_path):
    official(views=views, store=str(tmp_path / "mine")).prepare()
    assert official(raw=None, store=str(tmp_path / "mine")).prepare().views == ("clean", "far", "dark")


def test_a_video_that_a_view_lacks_is_an_error_or_counted(official, layout, views, caplog):
    (layout / "feats_far/vggish/b.npy").unlink()
    with pytest.raises(
        DataError,
        match=r"data.views.far: 1 of 10 feature files are missing; extract them, or use the clean ones with "
        r"data.missing=drop:\n  .*feats_far/vggish/b.npy$",
    ):
        official(views=views).prepare()
    store = official(views=views, missing="drop").prepare()
    assert store.dropped == {"train": 0, "val": 0, "test": 0}
    assert [one.message for one in caplog.records if "view" in one.message] == [
        "view far: 1 of 5 videos have no vggish features in it; the clean ones stand in"
    ]
    clean, missing = (store.tracks["audio"].gather(np.array([1 + 5 * view])).values for view in (0, 1))
    np.testing.assert_array_equal(clean, missing)


def test_a_video_that_is_dropped_anyway_is_not_missed_in_a_view(official, layout, views):
    for file in ("feats/vggish/d.npy", "feats_far/vggish/d.npy"):
        (layout / file).unlink()
    assert official(views=views, missing="drop").prepare().dropped["test"] == 1


@pytest.mark.parametrize("missing", ["error", "drop"])
def test_a_view_without_any_feature_is_an_error(official, layout, views, missing):
    for one in "abcde":
        (layout / f"feats_dark/resnet/{one}.npy").unlink()
    with pytest.raises(
        DataError, match=r"data.views.dark: 5 of 5 feature files are missing; extract them:\n"
    ):
        official(views=views, missing=missing).prepare()


def test_a_view_without_a_folder_is_an_error(official, views):
    with pytest.raises(
        DataError,
        match=r"data.views.dusk=feats_dusk: expected a folder .*feats_dusk/vggish or .*feats_dusk/resnet, or "
        r"several of them, found none; put the features of this view there",
    ):
        official(views=views | {"dusk": "feats_dusk"}).prepare()


def test_rows_are_left_out_of_a_view_by_the_stride_of_its_encoder(official, layout, views):
    for one in "abcde":
        rows = np.arange(7.0)[:, None] * np.ones(11)
        np.save(layout / f"feats_dark/resnet/{one}.npy", rows)
    store = official(views=views, visual=Extraction("resnet", stride=3), implausible="accept").prepare()
    track = store.tracks["visual"].gather(np.array([2 * 5]))
    assert track.values[0, :, 0].tolist() == track.seconds[0].tolist() == [0, 3, 6]
    assert track.mask.all()
