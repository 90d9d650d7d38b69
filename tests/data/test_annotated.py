import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from avqa_lit.data.annotated import Annotated, shared_questions
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA

ENCODER = HashingEncoder(dim=13)


def test_raw_folder_and_store_tell_the_same_questions(official, layout, record, tmp_path):
    rows = [record(video_id="d", unmatch_audio="e", question_id=None), record(video_id="e", anser="ten")]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    source = official(store=str(tmp_path / "mine"))
    source.prepare(progress=False)
    read, stored = (
        source.annotated("test"),
        official(raw=None, store=str(tmp_path / "mine")).annotated("test"),
    )
    assert read.asked == stored.asked
    assert read.train == stored.train
    assert read.asked[0].audio_id == "e"
    assert read.train_answers.tokens == stored.train_answers.tokens == ("yes", "no")
    assert read.known_answers.tokens == ("yes", "no", "ten")
    assert read.checksum != stored.checksum


def test_no_feature_and_no_other_split_is_needed(official, layout):
    shutil.rmtree(layout / "feats")
    (layout / "json/avqa-val.json").unlink()
    assert [one.video_id for one in official().annotated("test").asked] == ["d", "e"]
    with pytest.raises(DataError, match="no annotation file of the val split"):
        official().annotated("val")


def test_another_answer_is_another_checksum(official, layout, record):
    before = official().annotated("test").checksum
    (layout / "json/avqa-test.json").write_text(json.dumps([record(video_id="d"), record(video_id="e")]))
    assert official().annotated("test").checksum != before


def test_questions_without_features_are_in_the_store_all_the_same(official, layout):
    (layout / "feats/resnet/d.npy").unlink()
    store = official(missing="drop").prepare()
    assert store.dropped["test"] == 1
    told = official(raw=None, store=str(store.path)).annotated("test")
    assert (told.dropped, [one.row for one in told.asked]) == (0, [0, 1])
    assert len(official(missing="drop").annotated("test").asked) == 2


@pytest.mark.parametrize("stored", [False, True])
def test_a_split_that_is_none_is_refused(official, stored):
    store = official().prepare()
    source = official(raw=None, store=str(store.path)) if stored else official()
    with pytest.raises(DataError, match="no tset split; it has train, val, test"):
        source.annotated("tset")


def test_the_embedded_data_tell_their_questions(cache):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2)
    store = concerts.prepare(cache=cache, progress=False)
    told = concerts.annotated("val", cache=cache)
    assert (told.checksum, len(told.asked)) == (store.checksum, len(store.splits["val"]))
    assert told.train_answers.tokens == store.answers.tokens


@pytest.mark.parametrize("name", [None, "json/nowhere.json"])
def test_another_split_needs_no_train_file(official, name):
    annotations = {"train": name, "val": None, "test": "json/avqa-test.json"}
    told = official(annotations=annotations).annotated("test")
    assert told.train is None
    assert (told.no_train == "data.annotations.train is null") == (name is None)
    assert name is None or "nowhere.json does not exist (name it with data.annotations.train" in told.no_train
    assert told.known_answers.tokens == ("yes", "perhaps")
    with pytest.raises(DataError, match=r"data\.annotations\.val is null, but the questions of val are"):
        official(annotations=annotations).annotated("val")


def test_a_split_that_is_null_cannot_be_packed(official):
    annotations = {"train": "json/avqa-train.json", "val": None, "test": "json/avqa-test.json"}
    with pytest.raises(DataError, match=r"data.annotations.val is null.*data.annotations.val=FILE"):
        official(annotations=annotations).prepare()


def test_a_question_stands_in_train_if_id_video_and_text_agree(question):
    train = [question(0, video_id="a"), question(1), question(2, question_id=None)]
    asked = [question(0, video_id="a"), question(1, question_id="9"), question(7, question_id=None)]
    data = Annotated(Path("d"), "c", "test", train=train, asked=asked, taxonomy=MUSIC_AVQA)
    assert shared_questions(data) == 2
    assert shared_questions(replace(data, train=None)) == 0
