"""Refuses to train or choose on the questions that a run is tested on."""

from avqa_lit.data.store import FeatureStore
from avqa_lit.data.summary import overlap
from avqa_lit.errors import DataError

# Published files share a few rows: 3 of the 10,819 test questions of MUSIC-AVQA v2.0 stand in a circulating
# val file, 4 of the 9,129 of MUSIC-AVQA in its train questions on mixed videos. Videos are shared freely.
LARGEST_SHARE = 0.01


def refuse_overlap(store: FeatureStore, *, allowed: bool) -> None:
    """Refuse a train or val split of which more than `LARGEST_SHARE` of the test questions are part.

    A question is the same where its video, its sound, its text and its answer are.

    Raises:
        DataError: how many there are, and the first of them.
    """
    if allowed or "test" not in store.splits:
        return
    test = store.splits["test"]
    for split, use in (("train", "trained on"), ("val", "used to choose the epoch")):
        shared = overlap(store, split, "test")
        if shared.first is not None and shared.rows > LARGEST_SHARE * shared.of:
            row, text = int(test.row[shared.first]), store.texts[test.text[shared.first]]
            raise DataError(
                f"{store.path}: {shared.rows:,} of the {shared.of:,} test questions are {use} as well: they "
                f"stand in {split} with the same video, text and answer; the first is row {row} (question_id "
                f"{test.question_id[shared.first]}, video {test.video_id[shared.first]}): {text!r}; name "
                f"another file with data.annotations.{split}=FILE or data.annotations.test=FILE, or give "
                "allow_overlap=true if that is meant"
            )
