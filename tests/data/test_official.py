import json
import logging
import shutil

import numpy as np
import pytest

from avqa_lit.config.run_data import build_source
from avqa_lit.data.annotations import FieldMap
from avqa_lit.data.feature_files import Extraction
from avqa_lit.errors import ConfigError, DataError


def test_the_store_lies_beside_the_raw_folder(official, layout):
    store = official().prepare(progress=False)
    assert store.path == layout.parent / "raw_store/vggish+resnet"
    assert {split: len(table) for split, table in store.splits.items()} == {"train": 2, "val": 1, "test": 2}


def test_an_up_to_date_store_is_not_rebuilt(official, packings):
    for _ in range(3):
        official().prepare()
    assert len(packings) == 1


@pytest.mark.parametrize("change", ["annotation", "feature", "new feature", "option", "rate", "view"])
def test_a_change_rebuilds(official, layout, packings, record, views, change):
    options = {"views": views, "store": str(layout.parent / "mine")}
    before = official(**options).prepare()
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
        options |= {"audio": Extraction("vggish", seconds_per_row=0.7)}
    after = official(**options).prepare()
    assert len(packings) == 2
    assert (after.checksum == before.checksum) == (change == "new feature")


def test_a_stride_packs_every_so_many_rows_at_their_time_into_a_store_of_its_own(official, layout):
    whole = official().prepare(progress=False)
    visual = Extraction("resnet", seconds_per_row=0.5, start_seconds=0.25, stride=3)
    store = official(visual=visual).prepare(progress=False)
    assert store.path == layout.parent / "raw_store/vggish+resnet_every3"
    assert store.tracks["audio"].length.tolist() == whole.tracks["audio"].length.tolist() == [3, 4, 5, 6, 7]
    assert whole.tracks["visual"].length.tolist() == [5, 6, 7, 8, 9]
    assert store.tracks["visual"].length.tolist() == [2, 2, 3, 3, 3]
    entries = np.arange(5)
    kept, every = (one.tracks["visual"].gather(entries) for one in (store, whole))
    np.testing.assert_array_equal(kept.values[kept.mask], every.values[:, ::3][kept.mask])
    np.testing.assert_array_equal(kept.seconds[kept.mask], every.seconds[:, ::3][kept.mask])


def test_a_store_without_its_raw_folder_is_opened(official, tmp_path):
    store = official(store=str(tmp_path / "mine")).prepare()
    assert store.path == tmp_path / "mine"
    assert official(raw=None, store=str(tmp_path / "mine")).prepare().checksum == store.checksum


def test_neither_raw_nor_store_is_an_error(official):
    with pytest.raises(
        DataError, match=r"data.raw is not set, expected the folder of the data set: data.raw=DIR"
    ):
        official(raw=None).prepare()


def test_a_raw_folder_that_is_not_there_is_named(official, tmp_path):
    with pytest.raises(DataError, match=r"data.raw=.*nowhere: no such folder, expected one that holds json/"):
        official(raw=str(tmp_path / "nowhere")).prepare()


def test_a_missing_split_is_named(official, layout):
    (layout / "json/avqa-val.json").unlink()
    with pytest.raises(
        DataError,
        match=r"avqa-val.json: no annotation file of the val split, .* holds feats, json; .*val=FILE",
    ):
        official().prepare()


def test_another_encoder_is_suggested(official):
    with pytest.raises(
        DataError,
        match=r"feats/clip: no folder of visual features.*encoders there: resnet, vggish",
    ):
        official(visual=Extraction("clip")).prepare()


def test_no_features_at_all_is_said(official, layout):
    shutil.rmtree(layout / "feats")
    with pytest.raises(DataError, match=r"feats/vggish: no folder of audio features.*encoders there: none"):
        official().prepare()


def test_missing_features_are_listed_with_the_remedy(official, layout):
    (layout / "feats/vggish/d.npy").unlink()
    (layout / "feats/resnet/d.npy").unlink()
    with pytest.raises(
        DataError,
        match=r"1 of 5 questions lack a feature file; extract it, or .*data.missing=drop:\n"
        r"  test row 0 \(question_id 0\): .*feats/vggish/d.npy\n"
        r"  test row 0 \(question_id 0\): .*feats/resnet/d.npy$",
    ):
        official().prepare()


def test_a_folder_with_other_file_names_is_told_with_the_setting_that_reads_it(official, layout):
    for file in (layout / "feats/resnet").iterdir():
        file.rename(file.with_name(f"{file.stem}.mp4.npy"))
    with pytest.raises(
        DataError,
        match=r"(?s)5 of 5 questions lack a feature file.*\n  .*feats/resnet holds a.mp4.npy, b.mp4.npy.*; "
        r"data.visual.files=\{video_id\}.mp4.npy would read them$",
    ) as told:
        official().prepare()
    assert "feats/vggish holds" not in str(told.value)
    visual = Extraction("resnet", seconds_per_row=0.5, files="{video_id}.mp4.npy")
    assert official(visual=visual).prepare().dropped["test"] == 0


def test_a_folder_may_have_another_name_than_its_encoder(official, layout):
    (layout / "feats/resnet").rename(layout / "feats/rgb")
    with pytest.raises(DataError, match=r"data.visual.folder=NAME where the folder has another name"):
        official().prepare()
    visual = Extraction("resnet", seconds_per_row=0.5, folder="rgb")
    assert official(visual=visual).prepare().encoders["visual"] == "resnet"


def test_questions_without_features_are_dropped_and_counted(official, layout, caplog):
    (layout / "feats/resnet/d.npy").unlink()
    (layout / "feats/vggish/a.npy").unlink()
    store = official(missing="drop").prepare()
    assert store.dropped == {"train": 1, "val": 0, "test": 1}
    assert store.splits["test"].row.tolist() == [1]
    assert store.answers.tokens == ("yes", "no")
    assert "test: 1 questions were dropped, since they lack features" in caplog.text


def test_a_split_of_which_nothing_is_left_is_an_error(official, layout):
    (layout / "feats/resnet/c.npy").unlink()
    with pytest.raises(
        DataError, match="none of the 1 questions of val has features in all of the tracks audio, visual"
    ):
        official(missing="drop").prepare()


def test_oddities_are_counted_in_one_warning_each(official, layout, record, caplog):
    rows = [record(video_id="a"), record(video_id="b"), record(video_id="b", question_id=3, anser="no")]
    (layout / "json/avqa-train.json").write_text(json.dumps(rows))
    with caplog.at_level(logging.WARNING):
        official().prepare()
    assert [one.message for one in caplog.records] == [
        "train: 1 question_ids stand in more than one row; a question is known by its row",
        "test: 1 questions have an answer that train never gives; they count as wrong for a model: 'perhaps'",
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
        official().prepare()
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
    store = official().prepare()
    heard = [store.ids["audio"][store.clip_entry["audio"][clip]] for clip in store.splits["test"].clip]
    assert heard == ["e", "d"]
    assert store.splits["test"].video_id == ("d", "d")


def test_a_sound_that_is_missing_drops_its_question(official, layout, record):
    rows = [record(video_id="d", unmatch_audio="nowhere"), record(video_id="d")]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    assert official(missing="drop").prepare().splits["test"].row.tolist() == [1]


def test_real_features_of_unequal_length_and_rate_keep_them(real_data, official, layout, record):
    clip = real_data / "real_clip"
    lengths = {"vggish": (18, 0.96), "r2plus1d_18": (22, 16 / 19.62), "clip_vit_b32_fps5": (90, 0.2)}
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
        ).prepare()
        for packed in store.tracks.values():
            rows, seconds_per_row = lengths[packed.encoder]
            track = packed.gather(np.array([0]))
            assert track.mask.shape == (1, rows)
            assert track.mask.all()
            np.testing.assert_allclose(track.seconds[0], np.arange(rows) * seconds_per_row, rtol=1e-6)
            np.testing.assert_array_equal(
                track.values[0], np.load(clip / f"{packed.encoder}.npy").astype(np.float16)
            )


@pytest.mark.parametrize("name", ["music_avqa", "music_avqa_v2"])
def test_the_config_describes_the_layout(compose, name):
    built = build_source(compose(f"data={name}", "data.raw=here", name="prepare")["data"])
    assert built.fields == FieldMap()
    assert built.audio == Extraction("vggish")


def test_another_taxonomy_rebuilds_the_store(official, packings):
    for label in ("A", "A", "B"):
        official(taxonomy=[{"modality": "audio", "type": "comparative", "label": label}]).prepare()
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
        official(taxonomy=[{"type": "when"}]).prepare()


def test_a_link_to_nothing_is_a_missing_file_that_says_where_it_leads(official, layout):
    file = layout / "feats/vggish/d.npy"
    file.unlink()
    file.symlink_to("/nowhere/d.npy")
    with pytest.raises(DataError, match=r"feats/vggish/d.npy \(a link to /nowhere/d.npy, which does not ex"):
        official().prepare()
    assert official(missing="drop").prepare().dropped["test"] == 1
