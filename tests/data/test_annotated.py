import json
import shutil

import pytest

from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.errors import DataError

ENCODER = HashingEncoder(dim=13)


def test_raw_folder_and_store_tell_the_same_questions(official, layout, record, tmp_path):
    rows = [record(video_id="d", unmatch_audio="e", question_id=None), record(video_id="e", anser="ten")]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    source = official(store=str(tmp_path / "mine"))
    source.prepare(ENCODER, progress=False)
    read, stored = (
        source.annotated("test"),
        official(raw=None, store=str(tmp_path / "mine")).annotated("test"),
    )
    assert read.asked == stored.asked
    assert read.train == stored.train
    assert read.asked[0].audio_id == "e"
    assert read.answers.tokens == stored.answers.tokens == ("yes", "no")
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


def test_dropped_questions_are_counted_where_a_store_left_them_out(official, layout):
    (layout / "feats/resnet/d.npy").unlink()
    store = official(missing="drop").prepare(ENCODER)
    told = official(raw=None, store=str(store.path)).annotated("test")
    assert (told.dropped, [one.row for one in told.asked]) == (1, [1])
    assert len(official(missing="drop").annotated("test").asked) == 2


@pytest.mark.parametrize("stored", [False, True])
def test_a_split_that_is_none_is_refused(official, stored):
    store = official().prepare(ENCODER)
    source = official(raw=None, store=str(store.path)) if stored else official()
    with pytest.raises(DataError, match="no tset split; it has train, val, test"):
        source.annotated("tset")


def test_the_embedded_data_tell_their_questions(cache):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2, batch_size=7)
    store = concerts.prepare(ENCODER, cache=cache, progress=False)
    told = concerts.annotated("val", cache=cache)
    assert (told.checksum, len(told.asked)) == (store.checksum, len(store.splits["val"]))
    assert told.answers.tokens == store.answers.tokens
