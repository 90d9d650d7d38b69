import json

import numpy as np
import pytest

from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.own_question import with_own_question
from avqa_lit.data.serving import Serving
from avqa_lit.data.texts import TextFeatures
from avqa_lit.errors import ConfigError, DataError

ENCODER = HashingEncoder(dim=13)


def asked(store, folder, **changed):
    settings = {"video_id": "d", "question": "Is it  loud\uff1f"} | changed
    return with_own_question(store, **settings, folder=folder)


def test_one_batch_holds_the_question_and_the_whole_video(official, tmp_path):
    store = official().prepare()
    own = asked(store, tmp_path)
    assert own.texts == ("Is it  loud?",)
    texts = {"question": TextFeatures({"test": np.zeros(1, np.int64)}, own.text_features(ENCODER))}
    data = AVQADataModule(own, serving=Serving(batch_size=3), texts=texts, seed=0)
    (batch,) = data.loader("test", shuffle=False, rank=0, world_size=1)
    whole = AVQADataModule(store, serving=Serving(batch_size=3), texts={}, seed=0)
    other = whole.gather("test", np.array([0]), total=1)
    for name, track in batch.tracks.items():
        assert (track.values == other.tracks[name].values).all()
    assert (batch.texts["question"].sentence.numpy() == ENCODER.encode(["Is it  loud?"])).all()


def test_what_encoders_keep_of_it_stays_out_of_the_store(official, tmp_path):
    store = official().prepare()
    before = sorted(store.path.iterdir())
    asked(store, tmp_path / "own").text_features(HashingEncoder(dim=17))
    assert sorted(store.path.iterdir()) == before


def test_a_video_with_several_sounds_is_heard_with_its_own(official, layout, record, tmp_path):
    rows = [
        record(video_id="d", unmatch_audio="e"),
        record(video_id="d"),
        record(video_id="e", unmatch_audio="d"),
    ]
    (layout / "json/avqa-test.json").write_text(json.dumps(rows))
    store = official().prepare()
    for video, heard in (("d", "d"), ("e", "d")):
        own = asked(store, tmp_path, video_id=video)
        (clip,) = own.splits["test"].clip
        assert store.ids["audio"][store.clip_entry["audio"][clip]] == heard


def test_a_video_that_is_not_there_is_refused_with_the_nearest(official, tmp_path):
    store = official().prepare()
    with pytest.raises(DataError, match=r"video_id=zz: none of the 5 videos of .*; the nearest are a, b, c$"):
        asked(store, tmp_path, video_id="zz")


@pytest.mark.parametrize("question", ["", "  ? \uff1f", "?"])
def test_a_question_without_words_is_refused(official, tmp_path, question):
    store = official().prepare()
    with pytest.raises(ConfigError, match="expected a question in words"):
        asked(store, tmp_path, question=question)
