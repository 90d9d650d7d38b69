import json
import shutil

import pytest

from avqa_lit.errors import DataError
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of


def change(path, **values):
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | values), "utf-8")


def test_runs_of_a_sweep_keep_its_order_and_are_found_once(fake):
    sweep = fake()
    for key in ("b", "c", "a"):
        sweep.add(key, weight={"a": 0.0, "b": 0.1, "c": 0.5}[key])
    folder = sweep.write()
    found = collect([folder.parent, folder, folder / "a"])
    assert [result.folder.name for result in found.results] == ["b", "c", "a"]
    assert [one.command for one in found.sweeps.values()] == ["python -m avqa_lit.train +experiment=kl_sweep"]
    assert not found.unfinished


def test_failed_and_interrupted_runs_are_listed_and_never_counted(fake):
    sweep = fake()
    sweep.add("good")
    sweep.add("half", state="interrupted", weight=0.1, reason="SystemExit: 143")
    sweep.lose("bad", reason="exit status 1\nRuntimeError: no", log="boom")
    sweep.lose("later", state="waiting", reason=None)
    found = collect([sweep.write()])
    assert [result.folder.name for result in found.results] == ["good"]
    assert [(job.state, job.reason.partition("\n")[0]) for job in found.unfinished] == [
        ("interrupted", "SystemExit: 143"),
        ("failed", "exit status 1"),
        ("waiting", "no reason recorded"),
    ]
    assert found.unfinished[1].log.read_text() == "boom"


def test_superseded_jobs_are_left_out_with_a_note(fake):
    sweep = fake()
    sweep.add("old", weight=0.3)
    sweep.jobs[0]["state"] = "superseded"
    sweep.add("new")
    found = collect([sweep.write()])
    assert [result.folder.name for result in found.results] == ["new"]
    assert "jobs of an earlier grid are superseded and left out (1)" in found.notes[0]


def test_a_folder_that_made_room_for_another_run_is_left_out_with_a_note(fake):
    sweep = fake()
    sweep.add("a")
    folder = sweep.write()
    shutil.copytree(folder / "a", folder / "a.superseded-1")
    found = collect([folder])
    assert [result.folder.name for result in found.results] == ["a"]
    assert "folders that made room for another run are left out (1)" in found.notes[0]


def test_a_superseded_run_counts_when_it_is_named_alone(fake):
    sweep = fake()
    path = sweep.add("old", weight=0.3)
    assert [result.folder.name for result in collect([path]).results] == ["old"]


def test_a_run_repeated_in_another_folder_counts_once(fake):
    first, second = fake("one"), fake("two")
    first.add("a")
    second.add("a")
    found = collect([first.write(), second.write()])
    assert len(found.results) == 1
    assert "same settings, seed and data" in found.notes[0]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda run: (run / "results.json").write_text("{"), "expected JSON"),
        (lambda run: (run / "results.json").write_text("[]"), "the content: expected an object, found []"),
        (lambda run: change(run / "results.json", schema=7), "schema 7, expected 1"),
        (lambda run: change(run / "results.json", counts=None), "counts: expected an object, found None"),
        (lambda run: change(run / "results.json", metrics=3), "metrics: expected an object, found 3"),
        (
            lambda run: change(run / "results.json", counts={"test/smell": {}}),
            "counts.test/smell.correct is missing",
        ),
        (
            lambda run: change(run / "results.json", counts={}),
            "expected counts and accuracy of the test split",
        ),
        (
            lambda run: change(run / "results.json", metrics={"test/acc/overall": 0.25}),
            "is 0.25, but its counts",
        ),
        (lambda run: (run / "config.yaml").unlink(), "expected the config of a finished run"),
        (lambda run: (run / "config.yaml").write_text("a: ["), "config.yaml: expected plain YAML"),
        (lambda run: (run / "config.yaml").write_text("a: &a [*a]"), "line 1 has an alias, *a"),
        (
            lambda run: change(run / "results.json", counts={"test/smell": {"correct": 0, "total": 1}}),
            "counts has 'test/smell'",
        ),
        (
            lambda run: change(run / "results.json", counts={"test/x": {"correct": 0, "total": 10**29}}),
            "counts.test/x.total: expected less than or equal to 9007199254740992, found 1000",
        ),
        (lambda run: (run / "predictions.jsonl").write_text("{}\n"), "line 1: row is missing"),
        (lambda run: (run / "predictions.jsonl").write_text("{"), "line 1: expected a JSON object"),
        (
            lambda run: (run / "metrics.jsonl").write_text('{"step": 3}\n'),
            "line 1: expected an object with an",
        ),
    ],
)
def test_a_run_that_cannot_be_read_is_told_and_left_out(fake, break_it, reason):
    sweep = fake()
    sweep.add("good")
    break_it(sweep.add("broken", weight=0.1))
    found = collect([sweep.write()])
    assert [result.folder.name for result in found.results] == ["good"]
    assert [job.state for job in found.unfinished] == ["unreadable"]
    assert reason in found.unfinished[0].reason
    assert "broken" in found.unfinished[0].reason


def test_a_key_that_only_a_newer_version_knows_makes_no_other_configuration(fake):
    sweep = fake()
    for seed in range(3):
        config = sweep.config(weight=0.0, norm="pre", seed=seed)
        if seed:
            config["data"]["device"] = None
        sweep.add(f"seed{seed}", seed=seed, config=config, git="new" if seed else "old")
    found = collect([sweep.write()])
    (tests,) = sets_of(found.results)
    assert [(one.label, one.seeds) for one in tests.configurations] == [("The one configuration", 3)]
    (note,) = found.notes
    assert note.endswith("some know no data.device none; so these are not compared.")


def test_predictions_that_contradict_the_counts_are_refused(fake):
    sweep = fake()
    run = sweep.add("a")
    lines = (run / "predictions.jsonl").read_text("utf-8").splitlines(keepends=True)
    (run / "predictions.jsonl").write_text("".join(lines[:-1]), "utf-8")
    assert "of 362 right, but results.json counts" in collect([sweep.write()]).unfinished[0].reason


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere: expected a folder of runs; there is no such folder"):
        collect([tmp_path / "nowhere"])


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"expected runs \(results.json\) or sweeps \(sweep.json\) at any depth"
    ):
        collect([tmp_path])


@pytest.mark.parametrize("text", ["[]", '{"schema": 1}', '{"schema": 1, "jobs": [{"key": "a"}]}'])
def test_a_malformed_sweep_file_is_refused(tmp_path, text):
    (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(
        DataError, match=r"sweep.json: .*(missing|expected an object).*; delete it and start the sweep again"
    ):
        collect([tmp_path])
