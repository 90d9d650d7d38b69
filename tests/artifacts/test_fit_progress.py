import json
import os

from avqa_lit.artifacts.fit_progress import Progress, read_progress


def write(path, rows, *, at, tail=""):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + tail, encoding="utf-8")
    os.utime(path, (at, at))


def row(epoch, seconds):
    return {"epoch": epoch, "epochs": 11, "step": 7 * epoch, "seconds": seconds}


def test_before_the_fit_there_is_no_progress(tmp_path):
    path = tmp_path / "timing.jsonl"
    assert read_progress(path, since=0, now=1) is None
    write(path, [], at=5)
    assert read_progress(path, since=0, now=5) is None


def test_the_time_left_follows_from_the_epochs_done(tmp_path):
    path = tmp_path / "timing.jsonl"
    write(path, [row(0, 0), row(1, 4), row(2, 6)], at=100)
    assert read_progress(path, since=90, now=102) == Progress(2, 11, 6 / 2 * 9 - 2)


def test_a_fit_that_just_began_does_not_know_the_time_left(tmp_path):
    path = tmp_path / "timing.jsonl"
    write(path, [row(0, 0)], at=100)
    assert read_progress(path, since=90, now=102) == Progress(0, 11, None)


def test_a_resumed_fit_is_timed_from_where_it_went_on(tmp_path):
    path = tmp_path / "timing.jsonl"
    write(path, [row(0, 0), row(3, 300), row(3, 0), row(5, 4)], at=100)
    assert read_progress(path, since=90, now=100) == Progress(5, 11, 12)


def test_what_an_earlier_attempt_wrote_is_no_progress_of_this_one(tmp_path):
    path = tmp_path / "timing.jsonl"
    write(path, [row(0, 0), row(11, 4)], at=100)
    assert read_progress(path, since=101, now=102) is None


def test_a_line_that_is_being_written_is_left_for_later(tmp_path):
    path = tmp_path / "timing.jsonl"
    write(path, [row(0, 0), row(1, 2)], at=100, tail='{"epoch": 2, "epo')
    assert read_progress(path, since=90, now=100) == Progress(1, 11, 20)
