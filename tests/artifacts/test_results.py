import json
from dataclasses import replace

import pytest

from avqa_lit.artifacts.results import (
    DataFacts,
    Divergence,
    GivenAnswers,
    Marks,
    Results,
    Seconds,
    StartingPoint,
)
from avqa_lit.artifacts.run_folder import RunFolder, read_run
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

DATA = DataFacts(
    store="/cache/二胡",
    checksum="c0ffee",
    encoders={"audio": "vggish"},
    questions={"train": 1709, "test": 365},
)
BEGUN = Results(
    state="failed",
    reason="RuntimeError: out of luck",
    key="a1b2",
    overrides=("seed=3",),
    seed=2**64 - 1,
    smoke=("trainer.overfit_batches=1",),
    monitor="val/acc/overall",
    versions={"torch": "2.6.0"},
    seconds=Seconds(total=3.5),
    peak_memory_bytes=512,
)
TRAINED = replace(
    BEGUN,
    state="diverged",
    world_size=2,
    threads=1,
    precision="32-true",
    parameters=123457,
    best_epoch=0,
    metrics={"test/acc/overall": 0.25, "test/loss": None},
    counts={"test/both/come_from": Marks(correct=3, total=12)},
    taxonomy=Taxonomy.from_plain([{"modality": "Both", "type": "Come From"}]),
    unseen_answers={"test": 2},
    dropped_questions={"test": 3},
    diverged=Divergence(step=1, epoch=0, quantity="train/loss"),
    goes_on_from=StartingPoint(checkpoint="/R/last.ckpt", key="cc", checksum="dd", epoch=2, step=6),
    data=DATA,
    git="0123abc",
    seconds=Seconds(fit=31.7, test=1.1, total=33.9),
)
GIVEN = Results(
    state="finished",
    predictions=GivenAnswers(
        file="/a.json",
        name="a.json",
        sha256="ee",
        truth_column=4,
        answer_order={"0": "yes"},
        normalised={"case": 1},
    ),
    unknown_answers={"test": 1},
    no_prior={"test": "no train split is at hand"},
    counts={"test/audio/counting": Marks(correct=3, total=12)},
    data=DATA,
)
SCORED = Results(
    state="finished", checkpoint="/R/best.ckpt", view="clean", drop="audio", experiment="evaluate"
)


@pytest.mark.parametrize("results", [BEGUN, TRAINED, GIVEN, SCORED])
def test_results_are_equal_when_they_are_read_again(tmp_path, results):
    RunFolder(tmp_path).write_results(results)
    assert read_run(tmp_path).results == results


def entries(results):
    plain = results.to_plain()
    assert plain.pop("schema") == 1
    return json.loads(json.dumps(plain))


def test_a_run_that_failed_early_has_no_entries_of_what_it_did_not_come_to():
    assert entries(replace(BEGUN, smoke=(), overrides=())) == {
        "state": "failed",
        "reason": "RuntimeError: out of luck",
        "key": "a1b2",
        "experiment": None,
        "overrides": [],
        "seed": 2**64 - 1,
        "smoke": [],
        "monitor": "val/acc/overall",
        "versions": {"torch": "2.6.0"},
        "git": None,
        "seconds": {"total": 3.5},
        "peak_memory_bytes": 512,
    }


def test_entries_that_a_kind_of_run_always_has_are_there_though_empty():
    begun = {"experiment", "overrides", "seed", "smoke", "git"}
    assert set(entries(Results(state="failed"))) == {"state", *begun}
    fit = entries(Results(state="failed", data=DATA))
    assert set(fit) == {"state", "data", "dropped_questions", "goes_on_from", *begun}
    scored = entries(replace(SCORED, drop=None))
    assert (scored["drop"], scored["best_epoch"], scored["smoke"]) == (None, None, [])
    assert not {"overrides", "goes_on_from"} & set(scored)
    given = entries(GIVEN)
    assert (given["seed"], given["unseen_answers"], given["dropped_questions"]) == (None, {}, {})
    assert not {"overrides", "goes_on_from", "smoke", "drop", "best_epoch"} & set(given)
    assert entries(replace(GIVEN, predictions=GivenAnswers(file="/a.json")))["predictions"] == {
        "file": "/a.json",
        "name": None,
        "sha256": None,
        "truth_column": None,
        "answer_order": None,
        "normalised": {},
    }


def test_a_smoke_run_has_metrics_and_no_scores():
    assert TRAINED.metrics["test/acc/overall"] == 0.25
    assert TRAINED.scores == {}
    assert replace(TRAINED, smoke=()).scores == TRAINED.metrics


def read(tmp_path, **content):
    (tmp_path / "results.json").write_text(json.dumps({"schema": 1, "state": "finished"} | content), "utf-8")
    return read_run(tmp_path)


def test_entries_of_a_newer_version_do_not_prevent_reading(tmp_path):
    run = read(
        tmp_path,
        mood="good",
        counts={"test/audio/counting": {"correct": 1, "total": 2, "skipped": 3}},
        data={"store": "/cache", "license": "free"},
        seconds={"total": 3, "prepare": 2},
        predictions={"file": "/a.json", "size": 7},
        diverged={"step": 1, "epoch": 0, "quantity": "weights", "value": None},
    )
    assert run.results == Results(
        state="finished",
        counts={"test/audio/counting": Marks(correct=1, total=2)},
        data=DataFacts(store="/cache"),
        seconds=Seconds(total=3),
        predictions=GivenAnswers(file="/a.json"),
        diverged=Divergence(step=1, epoch=0, quantity="weights"),
    )


def test_results_of_an_older_version_lack_entries(tmp_path):
    run = read(tmp_path)
    assert run.results == Results(state="finished")
    assert run.taxonomy is MUSIC_AVQA


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"state": "done"},
            "state: expected 'finished', 'failed', 'interrupted' or 'diverged', found 'done'",
        ),
        ({"seed": -1}, "seed: expected greater than or equal to 0, found -1"),
        ({"overrides": 3}, "overrides: expected a list, found 3"),
        ({"overrides": [3]}, "overrides.0: expected a valid string, found 3"),
        ({"metrics": {"a": "b"}}, "metrics.a: expected a valid number, .*, found 'b'"),
        ({"data": None}, "data: expected an object, found None"),
        (
            {"data": {"questions": {"test": 0.5}}},
            "data.questions.test: expected a valid integer, .* found 0.5",
        ),
        ({"seconds": []}, r"seconds: expected an object, found \[\]"),
        ({"counts": {"test/audio/counting": 7}}, "counts.test/audio/counting: expected an object, found 7"),
        ({"goes_on_from": {"key": "aa"}}, "goes_on_from.checkpoint is missing"),
        (
            {"predictions": {"file": "a", "truth_column": 5}},
            "predictions.truth_column: expected 3 or 4, found 5",
        ),
        ({"taxonomy": None}, "the taxonomy cannot be read: expected a list of categories, found None"),
    ],
)
def test_an_entry_of_another_type_is_refused_with_file_and_entry(tmp_path, content, message):
    with pytest.raises(DataError, match=rf"results.json: {message}.*run it again"):
        read(tmp_path, **content)


def test_results_without_a_state_are_refused(tmp_path):
    (tmp_path / "results.json").write_text('{"schema": 1}')
    with pytest.raises(DataError, match=r"results.json: state is missing; delete the folder or run it again"):
        read_run(tmp_path)
