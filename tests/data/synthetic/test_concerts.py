import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.official import OfficialLayout
from avqa_lit.data.synthetic.concerts import AUDIO, MARKER, SPLITS, VISUAL
from avqa_lit.errors import ConfigError, DataError

ENCODER = HashingEncoder(dim=13)
ANNOTATIONS = {split: f"json/avqa-{split}.json" for split in SPLITS}


def files(folder):
    return {one.relative_to(folder): one.read_bytes() for one in Path(folder).rglob("*") if one.is_file()}


# Over features and questions of 11 videos at the default settings, from before the simulator had views.
DIGEST = "041f690bb721790b5e497562555c84df6c93eb3dce64a753164c43f4e8b4b61c"


def test_the_default_data_are_what_they_have_always_been(make_concerts):
    found = hashlib.sha256()
    for video in make_concerts(videos=11, questions_per_video=6).generated:
        found.update(video.audio.tobytes() + video.visual.tobytes())
        for one in video.questions:
            found.update(f"{one.template.text}{one.values}{one.answer}".encode())
    assert found.hexdigest() == DIGEST


@pytest.mark.parametrize("views", [[], ["poor", "dark"]])
def test_the_exported_folder_packs_to_the_same_store(make_concerts, tmp_path, views):
    concerts = make_concerts(views=views)
    direct = concerts.prepare(cache=tmp_path / "cache", progress=False)
    raw = concerts.export_to(tmp_path / "raw")
    packed = OfficialLayout(
        raw=str(raw),
        annotations=ANNOTATIONS,
        audio=AUDIO,
        visual=VISUAL,
        views={name: f"feats_{name}" for name in views},
    ).prepare(progress=False)
    assert packed.checksum == direct.checksum
    assert packed.views == direct.views == ("clean", *views)
    for name in ("audio.npy", "visual.npy", "strings.json"):
        assert (packed.path / name).read_bytes() == (direct.path / name).read_bytes()


def test_the_export_is_the_official_format(make_concerts, tmp_path):
    raw = make_concerts().export_to(tmp_path / "raw")
    rows = [row for split in SPLITS for row in json.loads((raw / ANNOTATIONS[split]).read_bytes())]
    assert {tuple(row) for row in rows} == {
        ("video_id", "question_id", "type", "question_content", "templ_values", "question_deleted", "anser")
    }
    assert [row["question_id"] for row in rows] == list(range(len(rows)))
    assert all(isinstance(row["type"], str) and isinstance(row["templ_values"], str) for row in rows)
    videos = {row["video_id"] for row in rows}
    for encoder in (AUDIO.encoder, VISUAL.encoder):
        features = {one.stem: np.load(one) for one in (raw / "feats" / encoder).iterdir()}
        assert set(features) == videos
        assert {one.dtype for one in features.values()} == {np.dtype("float16")}


def test_the_export_tells_how_to_pack_its_views(make_concerts, tmp_path):
    raw = make_concerts(videos=10, views=["noisy", "dark"]).export_to(tmp_path / "raw")
    assert "'data.views={noisy:feats_noisy,dark:feats_dark}'" in (raw / MARKER).read_text("utf-8")
    assert {one.name for one in raw.iterdir()} == {"json", "feats", "feats_noisy", "feats_dark", MARKER}
    assert [one.name for one in (raw / "feats_noisy").iterdir()] == [AUDIO.encoder]


def test_equal_seeds_give_equal_bytes_and_others_do_not(make_concerts, tmp_path):
    one, same, other = (
        make_concerts(seed=seed).export_to(tmp_path / name) for seed, name in ((3, "a"), (3, "b"), (4, "c"))
    )
    left, right = files(one), files(same)
    assert left.pop(Path(MARKER)) != right.pop(Path(MARKER))  # names the folder
    assert left == right
    assert files(other)[Path(ANNOTATIONS["train"])] != left[Path(ANNOTATIONS["train"])]


def test_fewer_videos_are_the_first_of_more(make_concerts):
    few, many = make_concerts(videos=11).generated, make_concerts(videos=23).generated
    for one, same in zip(few, many, strict=False):
        assert (one.scene, one.questions) == (same.scene, same.questions)
        np.testing.assert_array_equal(one.audio, same.audio)
        np.testing.assert_array_equal(one.visual, same.visual)


def test_features_do_not_depend_on_the_questions(make_concerts):
    one, other = (
        make_concerts(questions_per_video=1).generated,
        make_concerts(questions_per_video=7).generated,
    )
    for few, many in zip(one, other, strict=True):
        np.testing.assert_array_equal(few.audio, many.audio)
        np.testing.assert_array_equal(few.visual, many.visual)


def test_no_video_is_in_two_splits(make_concerts, tmp_path):
    raw = make_concerts(videos=50).export_to(tmp_path / "raw")
    videos = {split: {one.video_id for one in read_annotations(raw / ANNOTATIONS[split])} for split in SPLITS}
    assert {split: len(found) for split, found in videos.items()} == {"train": 35, "val": 5, "test": 10}
    assert len(set.union(*videos.values())) == 50


def test_a_built_store_is_opened_again(make_concerts, tmp_path, monkeypatch):
    first = make_concerts().prepare(cache=tmp_path, progress=False)
    monkeypatch.setattr("avqa_lit.data.synthetic.concerts.write_store", None)
    again = make_concerts(export="x").prepare(cache=tmp_path, progress=False)
    assert again.path == first.path
    assert make_concerts(noise=0.3).key != make_concerts().key
    assert make_concerts(views=["dark"]).key != make_concerts().key


def test_an_earlier_export_is_replaced_and_a_foreign_folder_left_alone(make_concerts, tmp_path):
    make_concerts(videos=31).export_to(tmp_path / "raw")
    raw = make_concerts(videos=10).export_to(tmp_path / "raw")
    assert len(list((raw / "feats" / AUDIO.encoder).iterdir())) == 10
    assert [one.name for one in tmp_path.iterdir()] == ["raw"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    with pytest.raises(DataError, match=r"data\.export=.*mine: holds something else"):
        make_concerts().export_to(tmp_path / "mine")
    assert files(tmp_path / "mine") == {Path("thesis.tex"): b"all of it"}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": -1}, r"data\.seed=-1: expected 0 or more"),
        ({"videos": 9}, r"data\.videos=9: expected 10 or more"),
        ({"questions_per_video": 0}, r"data\.questions_per_video=0: expected 1 or more"),
        ({"dtype": "float8"}, r"data\.dtype=float8: expected float16 or float32"),
        ({"noise": -0.5}, r"data\.noise=-0\.5: expected 0 or more"),
        ({"noise": float("nan")}, r"data\.noise=nan: expected 0 or more"),
    ],
)
def test_options_that_cannot_be_used_are_refused(make_concerts, changes, message):
    with pytest.raises(ConfigError, match=message):
        make_concerts(**changes)
