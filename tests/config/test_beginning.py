"""Where a run begins, and that it destroys nothing of an earlier one."""

import hashlib
import json
import shutil

import pytest

from avqa_lit.artifacts.run_folder import RunFolder, read_run
from avqa_lit.config import training_run
from avqa_lit.config.held_folder import HeldFolder
from avqa_lit.training.timing import EpochTiming


def contents(folder):
    """Digests and times of all files below a folder."""
    return {
        path.relative_to(folder): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def remove_a_val_row(raw):
    path = raw / "json" / "avqa-val.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))[1:]), encoding="utf-8")


@pytest.mark.slow
def test_a_run_that_is_refused_leaves_the_earlier_one_as_it_was(run, tmp_path):
    run()
    before = contents(tmp_path / "R")
    for overrides, told in (
        (
            ("resume=auto", "trainer.max_epochs=40"),
            "R: holds a run with another config: trainer.max_epochs=40 (there 2)",
        ),
        (("resume=auto", "trainer.max_epochs=40", "optimizer.lr=1e-3x"), "error"),
        (("resume=never", "optimizer.lr=1e-3x"), "error"),
        (("resume=never", "data.annotations.val=none.json"), "none.json"),
    ):
        assert told in run(*overrides, status=1)
        assert contents(tmp_path / "R") == before
        assert not list(tmp_path.glob("R.*"))


@pytest.mark.slow
def test_a_run_that_starts_afresh_moves_the_earlier_one_aside_as_a_whole(run, tmp_path):
    run("trainer.max_epochs=1")
    kept = {}
    for number, overrides in ((1, ()), (2, ("seed=1",))):
        aside = tmp_path / f"R.superseded-{number}"
        kept[aside] = contents(tmp_path / "R")
        told = run("trainer.max_epochs=1", *overrides)
        assert f"R: starts afresh, because resume=never; the earlier run lies in {aside} now" in told
        assert {path: contents(path) for path in kept} == kept
        assert read_run(tmp_path / "R").results.state == "finished"


def test_an_interrupted_run_is_not_overwritten_when_the_data_have_changed(
    run, ended_early, tmp_path, own_raw
):
    ended_early()
    before = contents(tmp_path / "R")
    remove_a_val_row(own_raw)
    told = run("resume=auto")
    assert "R: starts afresh, because the data have changed (checksum" in told
    assert contents(tmp_path / "R.superseded-1") == before
    assert read_run(tmp_path / "R").results.data.questions["val"] == 18


def test_a_finished_run_is_not_done_again(run, tmp_path):
    run()
    before = contents(tmp_path / "R")
    assert "R: is finished with this config and these data, so nothing is left to do" in run("resume=auto")
    assert contents(tmp_path / "R") == before


@pytest.mark.slow
@pytest.mark.parametrize("damage", [None, "last.ckpt"])
def test_a_run_goes_on_with_the_same_bits_also_where_its_last_checkpoint_is_damaged(
    run, ended_early, tmp_path, assert_same_training, flip_a_bit, damage
):
    run("trainer.max_epochs=4", folder="whole")
    if damage is None:
        ended_early("trainer.max_epochs=4", epoch=2)
        told = "R: goes on from epoch 1\n"
    else:
        ended_early("trainer.max_epochs=4", epoch=3)
        flip_a_bit(tmp_path / "R" / "checkpoints" / damage)
        told = "R: goes on from epoch 1 with previous.ckpt, because"
    printed = run("resume=auto", "trainer.max_epochs=4")
    assert told in printed
    assert_same_training(tmp_path / "R", tmp_path / "whole")
    left = {path.name for path in (tmp_path / "R" / "checkpoints").iterdir()}
    assert left == {"best.ckpt", "last.ckpt"} | ({"last.damaged"} if damage else set())


@pytest.mark.parametrize("damaged", ["last.ckpt", pytest.param("best.ckpt", marks=pytest.mark.slow)])
def test_a_run_whose_checkpoints_are_damaged_starts_afresh_and_keeps_them_aside(
    run, ended_early, tmp_path, flip_a_bit, damaged
):
    ended_early()
    flip_a_bit(tmp_path / "R" / "checkpoints" / damaged)
    before = contents(tmp_path / "R")
    told = run("resume=auto")
    assert "R: starts afresh, because" in told
    assert f"{damaged}: is damaged (its checksum is wrong)" in told
    assert contents(tmp_path / "R.superseded-1") == before
    assert read_run(tmp_path / "R").results.state == "finished"


@pytest.mark.parametrize("resume", ["auto", "never"])
def test_a_run_says_why_it_starts_afresh(run, resume):
    reason = {"auto": "no unfinished run of this config (", "never": "resume=never\n"}[resume]
    assert f"R: starts afresh, because {reason}" in run(f"resume={resume}", "trainer.max_epochs=1")


@pytest.mark.slow
def test_equal_trainings_write_equal_checkpoints(run, tmp_path):
    run(folder="one")
    run(folder="two")
    for name in ("last.ckpt", "best.ckpt"):
        one, two = ((tmp_path / folder / "checkpoints" / name).read_bytes() for folder in ("one", "two"))
        assert one == two


def test_a_folder_that_is_deleted_while_its_run_writes_is_not_made_again(run, tmp_path, monkeypatch):
    def delete(*arguments):
        shutil.rmtree(tmp_path / "R")

    monkeypatch.setattr(EpochTiming, "on_train_epoch_end", delete)
    told = run(status=1)
    assert "R: the folder was deleted or moved while the run wrote there, so the run is ended" in told
    assert not (tmp_path / "R").exists()


def test_a_folder_that_is_deleted_while_its_run_is_scored_is_not_made_again(run, tmp_path, monkeypatch):
    def delete(*arguments, **options):
        shutil.rmtree(tmp_path / "R")
        return 0

    monkeypatch.setattr(training_run, "load_best", delete)
    told = run("trainer.max_epochs=1", status=1)
    assert "R: the folder was deleted or moved while the run wrote there, so the run is ended" in told
    assert not (tmp_path / "R").exists()


@pytest.mark.slow
def test_of_two_runs_of_one_config_that_go_on_at_once_the_second_is_refused(run, tmp_path):
    runs = f"paths.runs={tmp_path / 'runs'}"
    told = run("resume=auto", runs, "trainer.max_epochs=1", folder=None)
    assert "starts afresh, because no unfinished run of this config" in told
    (folder,) = (tmp_path / "runs" / "train").glob("*_*")
    with HeldFolder(RunFolder(folder)):
        told = run("resume=auto", runs, "trainer.max_epochs=1", folder=None, status=1)
    assert f"{folder}: another process runs this config now; wait for it, or start a second run" in told
