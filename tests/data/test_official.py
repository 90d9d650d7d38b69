import json
import logging
import shutil

import numpy as np
import pytest

from avqa_lit.data import official as module
from avqa_lit.data.annotations import FieldMap
from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.errors import ConfigError, DataError

ENCODER = HashingEncoder(dim=13)


@pytest.fixture
def packings(monkeypatch):
    """How often a store was packed."""
    calls = []
    original = module.write_store
    monkeypatch.setattr(module, "write_store", lambda *a, **k: (calls.append(1), original(*a, **k)))
    return calls


def test_the_store_lies_beside_the_raw_folder(official, layout):
    store = official().prepare(ENCODER, progress=False)
    assert store.path == layout.parent / "raw_store/vggish+resnet"
    assert {split: len(table) for split, table in store.splits.items()} == {"train": 2, "val": 1, "test": 2}
    assert (store.path / f"text_{ENCODER.name}.npy").is_file()


def test_an_up_to_date_store_is_not_rebuilt(official, packings):
    for _ in range(3):
        official().prepare(ENCODER)
    assert len(packings) == 1


@pytest.mark.parametrize("change", ["annotation", "feature", "new feature", "option", "rate", "view"])
def test_a_change_rebuilds(official, layout, packings, record, views, change):
    options = {"views": views, "store": str(layout.parent / "mine")}
    before = official(**options).prepare(ENCODER)
    if change == "annotation":
        (layout / "json/avqa-val.json").write_text(json.dumps([record(video_id="a")]))
    elif change == "feature":
        np.save(layout / "feats/vggish/a.npy", np.zeros((2, 7)))
    elif change == "new feature":
        shutil.copy(layout / "feats/vggish/a.npy", layout / "feats/vggish/new.npy")
    elif change == "option":
        options |= {"dtype": "float32"}
    elif change == "view":
        np.save(layout / "feats_dark/resnet/a.npy", np.zeros((2, 11)))
    else:
        options |= {"audio": Extraction("vggish", seconds_per_row=1.0)}
    after = official(**options).prepare(ENCODER)
    assert len(packings) == 2
    assert (after.checksum == before.checksum) == (change == "new feature")


def test_a_stride_packs_every_so_many_rows_at_their_time_into_a_store_of_its_own(official, layout):
    whole = official().prepare(ENCODER, progress=False)
    visual = Extraction("resnet", seconds_per_row=0.5, start_seconds=0.25, stride=3)
    store = official(visual=visual).prepare(ENCODER, progress=False)
    assert store.path == layout.parent / "raw_store/vggish+resnet_every3"
    assert store.audio.length.tolist() == whole.audio.length.tolist() == [3, 4, 5, 6, 7]
    assert whole.visual.length.tolist() == [5, 6, 7, 8, 9]
    assert store.visual.length.tolist() == [2, 2, 3, 3, 3]
    entries = np.arange(5)
    values, mask, seconds = store.visual.gather(entries)
    every, _, stamps = whole.visual.gather(entries)
    np.testing.assert_array_equal(values[mask], every[:, ::3][mask])
    np.testing.assert_array_equal(seconds[mask], stamps[:, ::3][mask])


def test_a_store_without_its_raw_folder_is_opened(official, tmp_path):
    store = official(store=str(tmp_path / "mine")).prepare(ENCODER)
    assert store.path == tmp_path / "mine"
    assert official(raw=None, store=str(tmp_path / "mine")).prepare(ENCODER).checksum == store.checksum


def test_neither_raw_nor_store_is_an_error(official):
    with pytest.raises(
        DataError, match=r"data.raw is not set, expected the folder of the data set: data.raw=DIR"
    ):
        official(raw=None).prepare(ENCODER)


def test_a_raw_folder_that_is_not_there_is_named(official, tmp_path):
    with pytest.raises(DataError, match=r"data.raw=.*nowhere: no such folder, expected one that holds json/"):
        official(raw=str(tmp_path / "nowhere")).prepare(ENCODER)


def test_a_missing_split_is_named(official, layout):
    (layout / "json/avqa-val.json").unlink()
    with pytest.raises(
        DataError,
        match=r"avqa-val.json: no annotation file of the val split, .* holds feats, json; .*val=FILE",
    ):
        official().prepare(ENCODER)


def test_another_encoder_is_suggested(official):
    with pytest.raises(
        DataError,
        match=r"feats/clip: no folder of visual features.*encoders there: resnet, vggish",
    ):
        official(visual=Extraction("clip")).prepare(ENCODER)


def test_no_features_at_all_is_said(official, layout):
    shutil.rmtree(layout / "feats")
    with pytest.raises(DataError, match=r"feats/vggish: no folder of audio features.*encoders there: none"):
        official().prepare(ENCODER)


def test_missing_features_are_listed_with_the_remedy(official, layout):
    (layout / "feats/vggish/d.npy").unlink()
    (layout / "feats/resnet/d.npy").unlink()
    with pytest.raises(
        DataError,
        match=r"1 of 5 questions lack a feature file; extract it, or .*data.missing=drop:\n"
        r"  test row 0 \(question_id 0\): .*feats/vggish/d.npy\n"
        r"  test row 0 \(question_id 0\): .*feats/resnet/d.npy$",
    ):
        official().prepare(ENCODER)


def test_questions_without_features_are_dropped_and_counted(official, layout, caplog):
    (layout / "feats/resnet/d.npy").unlink()
    (layout / "feats/vggish/a.npy").unlink()
    store = official(missing="drop").prepare(ENCODER)
    assert store.dropped == {"train": 1, "val": 0, "test": 1}
    assert store.splits["test"].row.tolist() == [1]
    assert store.answers.tokens == ("yes", "no")
    assert "test: 1 questions were dropped, since they lack features" in caplog.text


def test_a_split_of_which_nothing_is_left_is_an_error(official, layout):
    (layout / "feats/resnet/c.npy").unlink()
    with pytest.raises(DataError, match=r"none of the 1 questions of val has its features in .*raw"):
        official(missing="drop").prepare(ENCODER)


def test_oddities_are_counted_in_one_warning_each(official, layout, record, caplog):
    rows = [record(video_id="a"), record(video_id="b"), record(video_id="b", question_id=3, anser="no")]
    (layout / "json/avqa-train.json").write_text(json.dumps(rows))
    with caplog.at_level(logging.WARNING):
        official().prepare(ENCODER)
    assert [one.message for one in caplog.records] == [
        "train: 1 question_ids stand in more than one row; a question is known by its row",
        "test: 1 questions have an answer that train never gives; they count as wrong",
    ]


@pytest.mark.parametrize(
    "array, message",
    [
        (np.full((3, 7), np.nan), "row 0 holds nan"),
        (np.full((3, 7), 1e5), "row 0 holds 100000, which float16 cannot hold"),
        (np.ones((3, 5)), r"rows of shape \[5\], expected \[7\] as in .*feats/vggish/a.npy"),
        (np.ones((0, 7)), r"shape \[0, 7\] holds no values"),
        (np.ones((3, 7), int), "expected floating-point numbers, found int64"),
    ],
)
def test_a_bad_feature_file_is_named(official, layout, array, message):
    np.save(layout / "feats/vggish/d.npy", array)
    with pytest.raises(DataError, match=rf"feats/vggish/d.npy: {message}"):
        official().prepare(ENCODER)
    assert not (layout.parent / "raw_store/vggish+resnet").exists()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"missing": "skip"}, "data.missing=skip: expected error or drop"),
        ({"dtype": "float64"}, "data.dtype=float64: expected float16 or float32"),
        (
            {"views": {"clean": "feats_clean"}},
            "data.views names 'clean', expected a name of letters",
        ),
        (
            {"annotations": {"train": "a", "test": "b"}},
            r"data.annotations names the splits .*expected train, val, test",
        ),
    ],
)
def test_a_bad_option_is_refused(official, options, message):
    with pytest.raises(ConfigError, match=message):
        official(**options)


def test_the_sound_of_another_video_is_packed(official, layout, record):
    rows = [record(video_id="d", unmatch_audio="e", question_id=None), record(video_id="d")]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    store = official().prepare(ENCODER)
    heard = [store.audio.ids[store.clip_audio[clip]] for clip in store.splits["test"].clip]
    assert heard == ["e", "d"]
    assert store.splits["test"].video_id == ("d", "d")


def test_a_sound_that_is_missing_drops_its_question(official, layout, record):
    rows = [record(video_id="d", unmatch_audio="nowhere"), record(video_id="d")]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    assert official(missing="drop").prepare(ENCODER).splits["test"].row.tolist() == [1]


def test_real_features_of_unequal_length_and_rate_keep_them(real_data, official, layout, record):
    clip = real_data / "real_clip"
    lengths = {"vggish": (18, 0.96), "r2plus1d_18": (22, 0.64), "clip_vit_b32_fps5": (90, 0.2)}
    for split in ("train", "val", "test"):
        (layout / f"json/avqa-{split}.json").write_text(json.dumps([record(video_id="clip")]))
    for encoder in lengths:
        (layout / "feats" / encoder).mkdir(exist_ok=True)
        for old in (layout / "feats" / encoder).iterdir():
            old.unlink()
        shutil.copy(clip / f"{encoder}.npy", layout / "feats" / encoder / "clip.npy")
    for encoder in ("r2plus1d_18", "clip_vit_b32_fps5"):
        store = official(
            audio=Extraction("vggish", seconds_per_row=0.96),
            visual=Extraction(encoder, seconds_per_row=lengths[encoder][1]),
        ).prepare(ENCODER)
        for modality in (store.audio, store.visual):
            rows, seconds_per_row = lengths[modality.encoder]
            values, mask, seconds = modality.gather(np.array([0]))
            assert mask.shape == (1, rows)
            assert mask.all()
            np.testing.assert_allclose(seconds[0], np.arange(rows) * seconds_per_row, rtol=1e-6)
            np.testing.assert_array_equal(
                values[0], np.load(clip / f"{modality.encoder}.npy").astype(np.float16)
            )


@pytest.mark.parametrize("name", ["music_avqa", "music_avqa_v2"])
def test_the_config_describes_the_layout(compose, name):
    from hydra.utils import instantiate

    node = compose(f"data={name}", "data.raw=here", name="prepare")["data"]
    built = instantiate(node, _convert_="all")
    assert built.fields == FieldMap()
    assert built.audio == Extraction("vggish")


def test_another_taxonomy_rebuilds_the_store(official, packings):
    for label in ("A", "A", "B"):
        official(taxonomy=[{"modality": "audio", "type": "comparative", "label": label}]).prepare(None)
    assert len(packings) == 2


def test_a_taxonomy_that_cannot_be_read_is_refused_before_any_file_is_read(official):
    with pytest.raises(
        ConfigError, match=r"data.taxonomy: expected a type, .* found \{'modality': 'audio'\}"
    ):
        official(taxonomy=[{"modality": "audio"}])


def test_a_category_outside_the_taxonomy_is_refused_by_row(official):
    with pytest.raises(
        DataError, match=r"row 0 \(question_id 0\): unknown category .*expected one of when; "
    ):
        official(taxonomy=[{"type": "when"}]).prepare(None)
