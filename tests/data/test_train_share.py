from dataclasses import replace

import pytest

from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.errors import ConfigError


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=3, noise=0.2)
    return concerts.prepare(cache=tmp_path_factory.mktemp("cache"), progress=False)


def test_shares_of_the_training_videos_lie_in_each_other(store):
    def clips(share):
        return set(store.with_train_share(share).splits["train"].clip.tolist())

    assert clips(1) == set(store.splits["train"].clip.tolist())
    assert len(clips(0.5)) == round(len(clips(1)) / 2)
    assert clips(1e-9) < clips(0.5) < clips(1)
    assert len(clips(1e-9)) == 1


def test_a_share_keeps_all_questions_of_its_videos_and_the_other_splits(store):
    half = store.with_train_share(0.5)
    whole, table = store.splits["train"], half.splits["train"]
    assert set(table.row) == {
        row for row, clip in zip(whole.row, whole.clip, strict=True) if clip in table.clip
    }
    assert table.question_id == tuple(whole.question_id[list(whole.row).index(row)] for row in table.row)
    assert half.splits["test"] is store.splits["test"]
    assert half.answers == store.answers


def test_a_store_that_is_asked_a_single_question_has_no_videos_to_train_on(store):
    asked = replace(store, splits={"test": store.splits["test"]})
    assert asked.with_train_share(0.5) is asked


@pytest.mark.parametrize("share", [0, -0.5, 1.5])
def test_a_senseless_share_is_refused(store, share):
    with pytest.raises(ConfigError, match=rf"data\.train_share={share}: expected a share in \(0, 1\]"):
        store.with_train_share(share)
