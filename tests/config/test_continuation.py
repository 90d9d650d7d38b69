"""A run that goes on with another one for more epochs."""

import json
import re
import shutil

import pytest
import torch

from avqa_lit.artifacts.results import StartingPoint
from avqa_lit.artifacts.run_folder import read_run

LONGER = ("resume=R", "trainer.max_epochs=4")


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule", [("constant",), ("step", "schedule.every=3"), ("plateau", "schedule.patience=0")]
)
def test_a_run_that_goes_on_for_more_epochs_ends_with_the_bits_of_one_run(
    run, tmp_path, assert_same_training, schedule
):
    chosen = [f"schedule={schedule[0]}", *schedule[1:]]
    run(*chosen, "trainer.max_epochs=4", folder="whole")
    run(*chosen)
    told = run(*chosen, *LONGER, folder="longer")
    assert (
        f"longer: goes on from epoch 2 (step 6) of {tmp_path / 'R/checkpoints/last.ckpt'}, with its" in told
    )
    assert "trainer.max_epochs=4 (there 2)" in told
    assert_same_training(tmp_path / "longer", tmp_path / "whole")
    shorter, longer, whole = (read_run(tmp_path / name).results for name in ("R", "longer", "whole"))
    assert len({shorter.key, longer.key, whole.key}) == 3
    assert longer.goes_on_from == StartingPoint(
        checkpoint=str(tmp_path / "R/checkpoints/last.ckpt"),
        key=shorter.key,
        checksum=shorter.data.checksum,
        epoch=2,
        step=6,
    )
    assert whole.goes_on_from is None


@pytest.mark.slow
def test_the_schedule_is_that_of_the_longer_run_from_its_first_step(run, tmp_path):
    run("schedule=cosine", "trainer.log_every_n_steps=1")
    told = run("schedule=cosine", "trainer.log_every_n_steps=1", *LONGER, folder="longer")
    assert (
        "schedule: learning rate 0.0005 at step 6 of a run of 12 steps; the run of 2 epochs had 0 there"
        in told
    )
    rates = [row["train/lr"] for row in read_run(tmp_path / "longer").metrics if "train/lr" in row]
    assert rates[6] == pytest.approx(0.001 * 0.5)
    assert rates[5] == pytest.approx(read_run(tmp_path / "R").metrics[-2]["train/lr"])
    assert len(rates) == 12


@pytest.mark.slow
def test_a_longer_run_that_is_ended_goes_on_by_the_same_command(
    run, ended_early, tmp_path, assert_same_training
):
    run("schedule=constant", "trainer.max_epochs=4", folder="whole")
    run("schedule=constant")
    ended_early("schedule=constant", *LONGER, folder="longer", epoch=2)
    assert "longer: goes on from epoch 3\n" in run("schedule=constant", *LONGER, folder="longer")
    assert_same_training(tmp_path / "longer", tmp_path / "whole")
    assert read_run(tmp_path / "longer").results.goes_on_from.epoch == 2


@pytest.mark.slow
def test_a_checkpoint_alone_is_enough(run, tmp_path):
    run("schedule=constant")
    shutil.copy(tmp_path / "R" / "checkpoints" / "last.ckpt", tmp_path / "mine.ckpt")
    shutil.rmtree(tmp_path / "R")
    told = run("schedule=constant", "resume=mine.ckpt", "trainer.max_epochs=3", folder="longer")
    assert "its best epoch is not at hand, so the best is chosen from here on" in told
    left = read_run(tmp_path / "longer")
    assert left.results.best_epoch == 2
    assert {row["epoch"] for row in left.metrics} == {2}


@pytest.mark.slow
def test_what_a_run_cannot_go_on_with_is_refused_by_name(run, tmp_path, own_raw):
    run()
    folder = tmp_path / "R"
    for overrides, told in (
        (("resume=R", "trainer.max_epochs=2"), "trainer.max_epochs=2: .* has 2 behind it; give the number"),
        ((*LONGER, "model.dim=15"), r"cannot go on with another config: model.dim=15 \(there 12\)"),
        ((*LONGER, "optimizer.lr=0.5", "seed=3"), r"optimizer.lr=0.5 \(there 0.001\), seed=3 \(there 0\)"),
        (("resume=R/checkpoints/best.ckpt", "trainer.max_epochs=4"), "was saved before the end of its epoch"),
        (("resume=none", "trainer.max_epochs=4"), "resume=.*none: expected auto, never, the folder of a run"),
        (("resume=raw/json/avqa-val.json", "trainer.max_epochs=4"), "cannot be read as weights and plain"),
    ):
        assert_told(run(*overrides, folder="longer", status=1), told)
        assert not (tmp_path / "longer" / "checkpoints").exists()
    told = run(*LONGER, folder="R", status=1)
    assert_told(told, "holds a run with another config: trainer.max_epochs=4")
    val = own_raw / "json" / "avqa-val.json"
    val.write_text(json.dumps(json.loads(val.read_text("utf-8"))[1:]), encoding="utf-8")
    assert_told(run(*LONGER, folder="longer", status=1), "it was trained on other data")
    assert read_run(folder).results.state == "finished"


def assert_told(printed, expected):
    assert re.search(expected, printed), printed


def test_a_damaged_checkpoint_is_not_gone_on_from(run, tmp_path, flip_a_bit):
    run()
    flip_a_bit(tmp_path / "R" / "checkpoints" / "last.ckpt")
    assert "last.ckpt: is damaged (its checksum is wrong)" in run(*LONGER, folder="longer", status=1)


@pytest.mark.slow
def test_a_damaged_best_checkpoint_is_not_taken_over(run, tmp_path, flip_a_bit):
    run("trainer.max_epochs=1")
    flip_a_bit(tmp_path / "R" / "checkpoints" / "best.ckpt")
    told = run("resume=R", "trainer.max_epochs=2", folder="longer")
    assert "so the best is chosen from here on" in told
    saved = torch.load(tmp_path / "longer" / "checkpoints" / "best.ckpt", weights_only=True)
    assert saved["epoch"] == 1
