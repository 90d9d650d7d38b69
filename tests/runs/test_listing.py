"""States of runs, whole or half-written."""

import json
import os

import pytest
from filelock import FileLock

from avqa_lit.errors import DataError
from avqa_lit.runs.listing import list_runs


def states(root):
    return {run.folder.path.name: run.state for run in list_runs(root).runs}


def only(root):
    (run,) = list_runs(root).runs
    return run


def test_a_finished_run_tells_its_accuracies_and_time(write, tmp_path):
    folder = write("train/a", val=0.5, test=0.25)
    os.utime(folder.results, (1_700_000_000, 1_700_000_000))
    os.utime(folder.config, (1_600_000_000, 1_600_000_000))
    run = only(tmp_path / "runs")
    assert (run.state, run.reason, run.experiment) == ("finished", "", "train")
    assert (run.metric("val/acc/overall"), run.metric("test/acc/overall")) == (0.5, 0.25)
    assert (run.seconds, run.when) == (31.7, 1_700_000_000)
    assert run.settings["model.norm"] == "pre"
    assert run.metric("test/acc/smell") is None


def test_a_failed_run_tells_why(write, tmp_path):
    write("train/a", state="failed", reason="ValueError: no\nmore")
    assert (only(tmp_path).state, only(tmp_path).reason) == ("failed", "ValueError: no\nmore")


def test_a_run_that_diverged_tells_where_alone_and_in_a_sweep(write, write_sweep, tmp_path):
    write("mine/a", state="diverged", reason="the training diverged: train/loss was not finite")
    write("train/b", state="diverged", reason="the training diverged: train/loss was not finite")
    write_sweep("mine", ("a", "diverged"))
    assert states(tmp_path) == {"a": "diverged", "b": "diverged"}
    assert {run.reason for run in list_runs(tmp_path).runs} == {
        "the training diverged: train/loss was not finite"
    }


def test_a_smoke_run_has_no_accuracy(write, tmp_path):
    write("train/a", val=1.0, smoke=["trainer.limit_val_batches=1"])
    run = only(tmp_path)
    assert (run.state, run.metric("val/acc/overall")) == ("finished", None)
    assert run.reason == "a smoke run (trainer.limit_val_batches=1), whose scores are no results"


def test_a_run_that_is_going_on_tells_how_far_it_is(write, tmp_path):
    run = write("train/a", results=None)
    with FileLock(run.lock):
        assert (only(tmp_path).state, only(tmp_path).reason) == ("running", "has not begun to train")
        rows = [{"epoch": epoch, "epochs": 7, "step": epoch, "seconds": 2.0 * epoch} for epoch in range(4)]
        run.timing.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"epo')
        assert only(tmp_path).reason.startswith("3 of 7 epochs, ")
        run.timing.write_text("nonsense\n")
        assert only(tmp_path).reason == "has not begun to train"
    assert only(tmp_path).state == "interrupted"
    assert "ended without results.json; the same command with resume=auto" in only(tmp_path).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "results.json: expected JSON"),
        ("[]", "expected an object, found []"),
        ("\x00", "results.json: "),
    ],
)
def test_torn_results_are_unreadable_and_hide_no_other_run(write, tmp_path, content, reason):
    write("train/b")
    write("train/a").results.write_text(content)
    assert states(tmp_path) == {"a": "unreadable", "b": "finished"}
    assert reason in list_runs(tmp_path).runs[0].reason


@pytest.mark.parametrize(
    "results", [{"metrics": None, "seconds": None}, {"metrics": {"a": "b"}}, {"overrides": 3}]
)
def test_results_with_holes_are_listed(write, tmp_path, results):
    write("train/a", **results)
    run = only(tmp_path)
    assert run.metric("a") is None
    assert run.overrides == ()


def test_a_torn_config_leaves_a_run_without_settings(write, tmp_path):
    write("train/a").config.write_text("a: [")
    write("train/b").config.write_text("3")
    write("train/c").config.unlink()
    assert [run.settings for run in list_runs(tmp_path).runs] == [{}, {}, {}]


def test_folders_of_other_programs_below_a_run_are_no_runs(write, tmp_path):
    inside = write("train/a").path / "wandb" / "offline-run" / "files"
    inside.mkdir(parents=True)
    (inside / "config.yaml").write_text("a: 1")
    (inside / "results.json").write_text("{}")
    assert states(tmp_path) == {"a": "finished"}


def test_jobs_of_a_sweep_keep_its_order_and_are_listed_once(write, write_sweep, tmp_path):
    for key in ("b", "a"):
        write(f"mine/{key}", experiment="mine")
    write_sweep("mine", ("b", "finished"), ("a", "skipped"))
    found = list_runs(tmp_path).runs
    assert [(run.folder.path.name, run.state, run.experiment) for run in found] == [
        ("b", "finished", "mine"), ("a", "finished", "mine")
    ]  # fmt: skip


def test_jobs_that_are_not_done_tell_what_the_sweep_knows(write, write_sweep, tmp_path):
    write("mine/killed", results=None)
    write("mine/going", results=None)
    failed = {"key": "f", "overrides": [], "state": "failed", "folder": "f", "reason": "exit status 1\nlog"}
    folder = write_sweep(
        "mine", ("going", "running"), ("killed", "interrupted"), ("later", "waiting"), failed
    )
    with FileLock(folder / ".lock"):
        assert states(tmp_path) == {
            "going": "running",
            "killed": "interrupted",
            "later": "waiting",
            "f": "failed",
        }
        reasons = [run.reason for run in list_runs(tmp_path).runs]
        assert reasons[0] == "has not begun to train"
        assert reasons[2:] == ["", "exit status 1\nlog"]
    assert states(tmp_path)["going"] == "interrupted"
    assert list_runs(tmp_path).runs[2].reason == "its sweep is not running; the same command goes on"
    assert list_runs(tmp_path).runs[2].settings == {"model.norm": "later"}


def test_a_finished_job_whose_results_are_gone_is_not_finished(write, write_sweep, tmp_path):
    write("mine/a", results=None)
    write_sweep("mine", ("a", "finished"))
    assert only(tmp_path).state == "interrupted"


def test_superseded_jobs_are_counted_and_left_out(write, write_sweep, tmp_path):
    write("mine/old")
    write("mine/new")
    write_sweep("mine", ("new", "finished"), ("old", "superseded"))
    assert states(tmp_path) == {"new": "finished"}
    assert "jobs of an earlier grid are superseded and left out (1)" in list_runs(tmp_path).notes[0]


def test_a_torn_sweep_file_is_noted_and_its_runs_are_listed(write, tmp_path):
    folder = write("mine/a").path.parent
    (folder / "sweep.json").write_text("{")
    assert states(tmp_path) == {"a": "finished"}
    assert "sweep.json: expected JSON" in list_runs(tmp_path).notes[0]


def test_what_holds_no_runs_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder; runs lie in runs/"):
        list_runs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="expected runs or sweeps at any depth, found none"):
        list_runs(tmp_path)


def test_a_folder_that_made_room_for_another_run_is_counted_and_left_out(write, tmp_path):
    write("train/a")
    write("train/a.superseded-1")
    listing = list_runs(tmp_path / "runs")
    assert [run.folder.path.name for run in listing.runs] == ["a"]
    assert listing.notes == [
        f"{tmp_path / 'runs/train'}: folders that made room for another run are left out (1)."
    ]
