"""What is told of a data set before it is used, and what is refused."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from avqa_lit.console import PlainConsole
from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.overlap import LARGEST_SHARE, refuse_overlap
from avqa_lit.data.summary import AnswerSummary, Overlap, SplitSummary, TrackSummary, summarize
from avqa_lit.data.summary_table import print_summary
from avqa_lit.errors import DataError


@pytest.fixture
def written(layout, record, official):
    """The store of `layout` with other questions: (video, template value, answer) of each, by split."""

    def write(**splits):
        for split, rows in splits.items():
            records = [
                record(video_id=video, question_id=place, templ_values=f'["{value}", "violin"]', anser=answer)
                for place, (video, value, answer) in enumerate(rows)
            ]
            (layout / f"json/avqa-{split}.json").write_text(json.dumps(records))
        return official().prepare(progress=False)

    return write


def printed(store, *, width=80):
    file = io.StringIO()
    print_summary(summarize(store), console=PlainConsole(file=file, width=width))
    return file.getvalue().splitlines()


def test_splits_and_tracks_are_told_with_their_sizes(official):
    summary = summarize(official().prepare(progress=False))
    assert summary.splits == (
        SplitSummary("train", questions=2, videos=2, dropped=0),
        SplitSummary("val", questions=1, videos=1, dropped=0),
        SplitSummary("test", questions=2, videos=2, dropped=0),
    )
    assert summary.tracks == (
        TrackSummary("audio", "vggish", (7,), "float16", 5, 3, 5, 7, pytest.approx(3.75), 0.0),
        TrackSummary("visual", "resnet", (11,), "float16", 5, 5, 7, 9, pytest.approx(3.5), 0.0),
    )


def test_views_are_not_counted_as_videos(official, views):
    summary = summarize(official(views=views).prepare(progress=False))
    assert [(one.videos, one.shortest, one.longest) for one in summary.tracks] == [(5, 3, 7), (5, 5, 9)]


def test_the_share_of_zeros_is_that_of_the_files(layout, official):
    zeros = total = 0
    for number, file in enumerate(sorted((layout / "feats/vggish").iterdir())):
        values = np.load(file)
        values[:, : number + 1] = 0
        np.save(file, values)
        zeros, total = zeros + np.sum(values == 0), total + values.size
    audio, visual = summarize(official().prepare(progress=False)).tracks
    assert (audio.zeros, visual.zeros) == (pytest.approx(zeros / total), 0)


def test_answers_that_train_does_not_know_are_told_with_its_spelling(written):
    store = written(
        train=[("a", "piano", "yes"), ("b", "piano", "acoustic_guitar")],
        val=[("c", "piano", "Yes"), ("c", "flute", "yes")],
        test=[
            ("d", "piano", "tuba"), ("d", "flute", "Acoustic guitar"), ("e", "piano", "Acoustic guitar"),
            ("e", "flute", "bass"), ("e", "drum", "[/]\x1b"),
        ],
    )  # fmt: skip
    assert summarize(store).answers == (
        AnswerSummary("val", 2, {"Yes": 1}, {"Yes": "yes"}),
        AnswerSummary(
            "test", 4, {"Acoustic guitar": 2, "tuba": 1, "bass": 1, "[/]\x1b": 1},
            {"Acoustic guitar": "acoustic_guitar"},
        ),
    )  # fmt: skip
    lines = printed(store)
    assert "answers: train gives 2" in lines
    assert (
        "  val gives 2, of which train does not know 1 (1 question): 'Yes' (train spells it 'yes')" in lines
    )
    assert (
        "  test gives 4, of which train does not know 4 (5 questions): 'Acoustic guitar' (train spells it "
        "'acoustic_guitar'), 'tuba', 'bass' and 1 more"
    ) in lines


def test_shared_videos_and_questions_are_told(written):
    store = written(
        train=[("a", "piano", "yes"), ("a", "flute", "no"), ("b", "piano", "yes")],
        val=[("a", "piano", "no"), ("c", "flute", "no")],
        test=[("a", "drum", "yes"), ("a", "flute", "no"), ("d", "piano", "yes")],
    )
    assert summarize(store).overlaps == (
        Overlap(("train", "val"), videos=1, rows=0, of=2, first=None),
        Overlap(("train", "test"), videos=1, rows=1, of=3, first=1),
        Overlap(("val", "test"), videos=1, rows=0, of=3, first=None),
    )
    assert [line for line in printed(store) if " share " in line] == [
        "train and val share 1 video and no question",
        "train and test share 1 video and 1 of the 3 questions of test",
        "val and test share 1 video and no question",
    ]


def test_the_summary_fits_80_columns_beside_its_sentences(official):
    lines = printed(official().prepare(progress=False))
    assert lines[0].split() == ["split", "questions", "videos", "dropped"]
    assert [line.split() for line in lines[4:7]] == [
        ["track", "encoder", "row", "videos", "min", "median", "max", "seconds", "zeros"],
        ["audio", "vggish", "7", "float16", "5", "3", "5", "7", "3.8", "0%"],
        ["visual", "resnet", "11", "float16", "5", "5", "7", "9", "3.5", "0%"],
    ]
    assert all(len(line) <= 80 for line in lines[:7])
    assert "  val gives 1, all of which train knows" in lines
    assert not any(" share " in line for line in lines)


@pytest.mark.parametrize(("split", "use"), [("train", "trained on"), ("val", "used to choose the epoch")])
def test_a_split_that_is_the_test_file_is_refused(written, split, use):
    rows = {name: [(video, "piano", "yes")] for name, video in (("train", "a"), ("val", "b"), ("test", "c"))}
    store = written(**rows | {split: rows["test"]})
    message = (
        rf"1 of the 1 test questions are {use} as well: they stand in {split} with the same video, text and "
        r"answer; the first is row 0 \(question_id 0, video c\): 'Is the piano louder than the violin\?'; "
        rf"name another file with data\.annotations\.{split}=FILE .* allow_overlap=true"
    )
    with pytest.raises(DataError, match=message):
        refuse_overlap(store, allowed=False)
    refuse_overlap(store, allowed=True)


@pytest.mark.parametrize(("shared", "is_refused"), [(1, False), (2, True)])
def test_a_few_shared_questions_of_many_are_not_refused(written, shared, is_refused):
    test = [("c", f"piano{number}", "yes") for number in range(100)]
    store = written(train=[("a", "piano", "yes"), *test[:shared]], val=[("b", "piano", "yes")], test=test)
    assert shared / 100 > LARGEST_SHARE or not is_refused
    if is_refused:
        with pytest.raises(DataError, match="2 of the 100 test questions are trained on as well"):
            refuse_overlap(store, allowed=False)
    else:
        refuse_overlap(store, allowed=False)


@pytest.mark.parametrize(
    ("one", "other", "videos", "rows"),
    [
        ("music_avqa/avqa-val", "music_avqa/avqa-test", 2296, 0),
        ("music_avqa_v2/balance_valid", "music_avqa_v2/test_balance", 2765, 3),
        ("music_avqa/avqa-train-synthetic-videos", "music_avqa/avqa-test", 1269, 4),
    ],
)
def test_the_published_files_share_videos_and_next_to_no_question(real_data, one, other, videos, rows):
    """So that the limit refuses none of them; counted here without a store."""
    first, second = (read_annotations(real_data / f"{name}.json") for name in (one, other))
    known = {(row.video_id, row.audio_id, row.text, row.answer) for row in first}
    shared = sum((row.video_id, row.audio_id, row.text, row.answer) in known for row in second)
    assert len({row.video_id for row in first} & {row.video_id for row in second}) == videos
    assert shared == rows <= LARGEST_SHARE * len(second)


def test_features_that_float16_turns_into_zeros_are_refused(layout, official):
    for file in (layout / "feats/vggish").iterdir():
        np.save(file, (np.load(file) * 1e-9).astype(np.float32))
    with pytest.raises(DataError, match=r"vggish/a\.npy: 100% of its nonzero values become zero in float16"):
        official().prepare(progress=False)
    store = official(dtype="float32").prepare(progress=False)
    assert 0 < np.abs(store.tracks["audio"].array).max() < 1e-8
    assert summarize(store).tracks[0].zeros == 0


def test_the_name_of_an_encoder_is_shown_and_not_obeyed(official):
    store = official().prepare(progress=False)
    summary = summarize(store)
    audio, visual = summary.tracks
    summary = replace(summary, tracks=(audio, replace(visual, encoder="[/]\x1b[2J")))
    file = io.StringIO()
    print_summary(summary, console=PlainConsole(file=file, width=80))
    assert r"[/]\x1b[2J" in file.getvalue()
    assert "\x1b" not in file.getvalue()
