import json
import math

import pytest

from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import RunFolder, append_jsonl, read_jsonl, read_run
from avqa_lit.errors import DataError


def answered(row, **more):
    """One row of predictions.jsonl."""
    texts = ("video_id", "category", "template", "question", "answer", "prediction")
    return {"row": row, "question_id": None, **{name: f"{name} 二胡" for name in texts}, **more}


def test_results_and_predictions_come_back_as_written(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.write_results(Results(state="finished", metrics={"test/acc/overall": 0.25}))
    folder.write_predictions("test", [answered(0), answered(1, prior="no", top5=[("no", 0.5)])])
    folder.write_predictions("val", [answered(0)])
    run = read_run(tmp_path / "run")
    assert run.results == Results(state="finished", metrics={"test/acc/overall": 0.25})
    assert run.predictions() == [answered(0), answered(1, prior="no", top5=[("no", 0.5)])]
    assert run.predictions("val") == [answered(0)]
    assert run.config == {}
    assert run.metrics == []
    assert (tmp_path / "run" / "predictions_val.jsonl").exists()


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(DataError, match="expected the folder of a run"):
        read_run(tmp_path)


def test_a_torn_results_file_is_named(tmp_path):
    (tmp_path / "results.json").write_text('{"schema": 1')
    with pytest.raises(DataError, match=r"results.json: expected JSON"):
        read_run(tmp_path)


def test_results_of_another_schema_are_refused(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"schema": 7}))
    with pytest.raises(DataError, match="schema 7, expected 1"):
        read_run(tmp_path)


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step"\n')
    with pytest.raises(DataError, match=r"metrics.jsonl, line 2"):
        read_jsonl(tmp_path / "metrics.jsonl")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": None}, "answer: expected a valid string, found None"),
        ({"row": -1}, "row: expected greater than or equal to 0, found -1"),
        ({"row": 10**29}, "row: expected less than or equal to 9007199254740992, found 1000"),
        ({"top5": [["no"]]}, "top5.0.1 is missing"),
        ({"question_id": ["7"]}, r"question_id: expected a valid string, found \['7'\]"),
    ],
)
def test_a_row_with_an_entry_of_another_type_is_named(tmp_path, change, message):
    folder = RunFolder(tmp_path)
    folder.write_results(Results(state="finished"))
    folder.write_predictions("test", [answered(0), answered(1) | change])
    with pytest.raises(DataError, match=rf"predictions.jsonl, line 2: {message}"):
        read_run(tmp_path).predictions()


def test_a_number_that_is_not_finite_is_null_in_every_file(tmp_path):
    folder = RunFolder(tmp_path)
    metrics = {"test/loss": math.nan, "test/acc/overall": 0.25}
    folder.write_results(Results(state="finished", metrics=metrics))
    folder.write_predictions("test", [answered(0, probability=math.nan, top5=[("no", -math.inf)])])
    append_jsonl(folder.metrics, {"step": 3, "train/loss": math.inf})
    run = read_run(tmp_path)
    assert run.results.metrics == {"test/loss": None, "test/acc/overall": 0.25}
    assert run.predictions() == [answered(0, probability=None, top5=[("no", None)])]
    assert run.metrics == [{"step": 3, "train/loss": None}]
