import pytest

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.config.sweep.outcome import failure, finished_results, why_diverged


def leave(folder, **results):
    write_json(folder / "results.json", {"schema": 1, **results})


def test_finished_results_stand(tmp_path):
    leave(tmp_path, state="finished", key="aa", data={"checksum": "cc"}, seed=3)
    for checksum in (None, "cc"):
        results = finished_results(tmp_path, key="aa", checksum=checksum)
        assert results is not None
        assert results.seed == 3


@pytest.mark.parametrize(
    ("state", "key", "checksum"),
    [("failed", "aa", "cc"), ("interrupted", "aa", "cc"), ("finished", "bb", "cc"), ("finished", "aa", "dd")],
)
def test_results_of_another_state_config_or_store_do_not(tmp_path, state, key, checksum):
    leave(tmp_path, state=state, key=key, data={"checksum": checksum})
    assert finished_results(tmp_path, key="aa", checksum="cc") is None


@pytest.mark.parametrize("text", [None, "", "{", '{"schema": 9, "state": "finished", "key": "aa"}'])
def test_a_file_that_is_not_there_or_not_whole_is_not_finished(tmp_path, text):
    if text is not None:
        (tmp_path / "results.json").write_text(text, encoding="utf-8")
    assert finished_results(tmp_path, key="aa") is None


def test_the_reason_that_the_run_itself_left_comes_first(tmp_path):
    leave(tmp_path, state="failed", reason="DataError: a.npy is truncated\nmore")
    assert failure(tmp_path, key="aa", status=1, last_lines=["end of log"]) == (
        "failed",
        "exit status 1: DataError: a.npy is truncated\nend of log",
    )


def test_a_run_that_was_asked_to_end_is_interrupted(tmp_path):
    leave(tmp_path, state="interrupted")
    assert failure(tmp_path, key="aa", status=143, last_lines=[]) == ("interrupted", "exit status 143")
    assert failure(tmp_path, key="aa", status=-15, last_lines=[]) == ("interrupted", "killed by SIGTERM")


def test_a_run_that_diverged_says_why_and_stands_for_its_config_and_store(tmp_path):
    leave(tmp_path, state="diverged", key="aa", data={"checksum": "cc"}, reason="the training diverged")
    told = ("diverged", "the training diverged")
    assert failure(tmp_path, key="aa", status=1, last_lines=["end of log"]) == told
    assert finished_results(tmp_path, key="aa", checksum="cc") is None
    assert why_diverged(tmp_path, key="aa", checksum="cc") == "the training diverged"
    assert why_diverged(tmp_path, key="aa", checksum="dd") is None
    assert why_diverged(tmp_path, key="bb", checksum="cc") is None


def test_a_run_that_diverged_with_another_config_has_failed(tmp_path):
    leave(tmp_path, state="diverged", key="aa", reason="the training diverged")
    state, reason = failure(tmp_path, key="bb", status=1, last_lines=[])
    assert (state, reason) == ("failed", "exit status 1: the training diverged")
