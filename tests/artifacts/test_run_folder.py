import json
import math

import pytest

from avqa_lit.artifacts.run_folder import RunFolder, append_jsonl, read_jsonl, read_run
from avqa_lit.errors import DataError


def test_results_and_predictions_come_back_as_written(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.write_results({"state": "finished", "metrics": {"test/acc/overall": 0.25}})
    folder.write_predictions("test", [{"row": 0, "answer": "二胡"}, {"row": 1, "answer": "no"}])
    folder.write_predictions("val", [{"row": 0}])
    run = read_run(tmp_path / "run")
    assert run.results == {"schema": 1, "state": "finished", "metrics": {"test/acc/overall": 0.25}}
    assert run.predictions() == [{"row": 0, "answer": "二胡"}, {"row": 1, "answer": "no"}]
    assert run.predictions("val") == [{"row": 0}]
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


def test_a_number_that_is_not_finite_is_null_in_every_file(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_results({"state": "finished", "metrics": {"test/loss": math.nan, "test/acc/overall": 0.25}})
    folder.write_predictions("test", [{"row": 0, "probability": math.nan, "top5": [("no", -math.inf)]}])
    append_jsonl(folder.metrics, {"step": 3, "train/loss": math.inf})
    run = read_run(tmp_path)
    assert run.results["metrics"] == {"test/loss": None, "test/acc/overall": 0.25}
    assert run.predictions() == [{"row": 0, "probability": None, "top5": [["no", None]]}]
    assert run.metrics == [{"step": 3, "train/loss": None}]
