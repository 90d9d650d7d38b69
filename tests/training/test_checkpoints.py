import math
from types import SimpleNamespace

import pytest
import torch

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.errors import ConfigError
from avqa_lit.training.checkpoints import Checkpoints, obstacle
from avqa_lit.training.interruption import Interruption


class Trainer:
    """Notes what is saved."""

    def __init__(self, **state):
        self.saved = []
        self.callback_metrics = {}
        self.__dict__ |= {
            "accumulate_grad_batches": 1, "val_check_batch": 7, "global_step": 0, "max_steps": -1,
            "is_global_zero": False,
        } | state  # fmt: skip
        self.strategy = SimpleNamespace(reduce_boolean_decision=lambda decision, all=True: decision)

    def save_checkpoint(self, path):
        self.saved.append(path.name)


def checkpoints(folder, *, monitor="val/acc/overall", resumes_from=None, told=False):
    interruption = Interruption()
    interruption._received = 15 if told else None
    return Checkpoints(
        RunFolder(folder),
        monitor=monitor,
        resumes_from=resumes_from,
        interruption=interruption,
        check=lambda: None,
    )


@pytest.mark.parametrize(
    ("monitor", "values", "saved"),
    [
        ("val/acc/overall", [0.3, 0.3, 0.2, 0.5], [True, False, False, True]),
        ("val/loss", [0.3, 0.3, 0.2, 0.5], [True, False, True, False]),
        ("val/loss", [math.nan, 0.3, math.nan], [True, True, False]),
    ],
)
def test_the_first_of_the_best_epochs_is_kept(tmp_path, monitor, values, saved):
    callback = checkpoints(tmp_path, monitor=monitor)
    found = []
    for value in values:
        trainer = Trainer(callback_metrics={monitor: value}, is_global_zero=True)
        callback.on_validation_end(trainer, None)
        found.append(trainer.saved == ["best.ckpt"])
    assert found == saved


def test_an_unknown_monitor_is_refused(tmp_path):
    trainer = Trainer(callback_metrics={"val/acc/overall": 1.0})
    with pytest.raises(ConfigError, match="monitor=val/acc/total: expected one of val/acc/overall"):
        checkpoints(tmp_path, monitor="val/acc/total").on_validation_end(trainer, None)


def test_processes_that_see_different_checkpoints_are_refused(tmp_path):
    trainer = Trainer(global_rank=1)
    trainer.strategy.broadcast = lambda value: str(tmp_path / "last.ckpt")
    with pytest.raises(ConfigError, match="process 1 found no checkpoint, another found something else"):
        checkpoints(tmp_path).setup(trainer, None, "fit")


@pytest.mark.parametrize(
    ("batch", "accumulated", "max_steps", "ends"),
    [
        (7, 1, -1, True), (6, 1, -1, False), (55, 1, -1, False), (7, 2, -1, True), (7, 3, -1, False),
        (7, 1, 8, False),
    ],
)  # fmt: skip
def test_a_run_ends_where_no_validation_and_no_gradient_is_due(tmp_path, batch, accumulated, max_steps, ends):
    trainer = Trainer(
        global_step=batch + 1, accumulate_grad_batches=accumulated, max_steps=max_steps, is_global_zero=True
    )
    callback = checkpoints(tmp_path, told=True)
    if ends:
        with pytest.raises(SystemExit, match="143"):
            callback.on_train_batch_end(trainer, None, None, None, batch)
    else:
        callback.on_train_batch_end(trainer, None, None, None, batch)
    assert trainer.saved == (["last.ckpt"] if ends else [])


def test_a_run_that_cannot_end_where_it_is_told_to_ends_at_the_next_step(tmp_path):
    trainer = Trainer(global_step=8, val_check_batch=8, is_global_zero=True)
    callback = checkpoints(tmp_path, told=True)
    callback.on_train_batch_end(trainer, None, None, None, 7)
    trainer.global_step = 9
    with pytest.raises(SystemExit, match="143"):
        callback.on_train_batch_end(trainer, None, None, None, 8)
    assert trainer.saved == ["last.ckpt"]


def test_what_is_saved_already_is_not_saved_again(tmp_path):
    callback = checkpoints(tmp_path)
    trainer = Trainer()
    callback.on_train_epoch_start(trainer, None)
    assert trainer.saved == []
    trainer.global_step = 5
    callback.on_train_epoch_start(trainer, None)
    callback.on_train_end(trainer, None)
    assert trainer.saved == ["last.ckpt"]


def test_the_metrics_are_cut_back_to_the_checkpoint(tmp_path):
    folder = RunFolder(tmp_path)
    folder.metrics.write_text("first\n", encoding="utf-8")
    checkpoint = {"global_step": 3}
    checkpoints(tmp_path).on_save_checkpoint(Trainer(), None, checkpoint)
    folder.metrics.write_text("first\nsecond\n", encoding="utf-8")
    checkpoints(tmp_path).on_load_checkpoint(Trainer(is_global_zero=False), None, checkpoint)
    assert folder.metrics.read_text("utf-8") == "first\nsecond\n"
    checkpoints(tmp_path).on_load_checkpoint(Trainer(is_global_zero=True), None, checkpoint)
    assert folder.metrics.read_text("utf-8") == "first\n"


def test_metrics_that_are_missing_are_not_filled_with_zero_bytes(tmp_path):
    checkpoint = {"global_step": 3, "resume": {"steps": 0, "best": 0.5, "metrics": 5}}
    checkpoints(tmp_path).on_load_checkpoint(Trainer(is_global_zero=True), None, checkpoint)
    assert not RunFolder(tmp_path).metrics.exists()


def test_the_checkpoint_before_the_last_one_is_kept(tmp_path):
    folder = RunFolder(tmp_path)
    folder.last.parent.mkdir()
    folder.last.write_text("older", encoding="utf-8")
    checkpoints(tmp_path).on_train_end(Trainer(global_step=5, is_global_zero=True), None)
    assert folder.previous.read_text("utf-8") == "older"


def test_a_run_goes_on_only_with_all_its_files(tmp_path):
    folder = RunFolder(tmp_path)
    folder.best.parent.mkdir()
    torch.save({"epoch": 0}, folder.best)
    folder.metrics.write_text("12345", encoding="utf-8")
    checkpoint = {"avqa_lit": {"key": "a"}, "resume": {"steps": 0, "best": 0.5, "metrics": 5}}
    assert obstacle(checkpoint, folder) is None
    folder.metrics.write_text("1234", encoding="utf-8")
    assert "metrics.jsonl is shorter than when the checkpoint was written" in obstacle(checkpoint, folder)
    folder.metrics.write_text("123456", encoding="utf-8")
    folder.best.write_bytes(folder.best.read_bytes()[:-7])
    assert "best.ckpt: is damaged" in obstacle(checkpoint, folder)
    folder.best.unlink()
    assert "best.ckpt is missing" in obstacle(checkpoint, folder)
    checkpoint["resume"]["best"] = math.nan
    assert obstacle(checkpoint, folder) is None
    del checkpoint["resume"]["metrics"]
    assert "another version of avqa_lit wrote the checkpoints" in obstacle(checkpoint, folder)
