from types import SimpleNamespace

import pytest

from avqa_lit.config.keys import config_key
from avqa_lit.config.schema import Train
from avqa_lit.config.smoke import as_limits, check_shares, smoke_reasons
from avqa_lit.config.validation import validate
from avqa_lit.errors import ConfigError


@pytest.mark.parametrize(
    ("trainer", "reasons"),
    [
        ({}, []),
        ({"limit_train_batches": 1.0, "limit_val_batches": None, "fast_dev_run": False}, []),
        ({"limit_test_batches": 1}, ["trainer.limit_test_batches=1"]),
        ({"limit_train_batches": 0.5}, ["trainer.limit_train_batches=0.5"]),
        ({"overfit_batches": 2, "fast_dev_run": 3}, ["trainer.fast_dev_run=3", "trainer.overfit_batches=2"]),
    ],
)
def test_a_run_that_sees_a_part_of_its_data_is_a_smoke_run(trainer, reasons):
    assert smoke_reasons(trainer) == reasons


@pytest.mark.parametrize(
    ("member", "reasons"),
    [
        ("none", []),
        ("one_batch", ["trainer.fast_dev_run=True"]),
        ("overfit", ["trainer.overfit_batches=1"]),
        ("anomaly", []),
        ("profile", []),
    ],
)
def test_the_members_of_debug_that_see_a_part_are_smoke_runs(compose, member, reasons):
    assert smoke_reasons(compose(f"debug={member}")["trainer"]) == reasons


def test_what_changes_no_weight_changes_no_key(compose):
    plain = config_key(compose())
    assert config_key(compose("debug=anomaly")) == config_key(compose("debug=profile")) == plain
    assert len({plain, config_key(compose("debug=one_batch")), config_key(compose("debug=overfit"))}) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("limit_train_batches=0", "limit_train_batches=0: expected a number of batches from 1"),
        ("limit_val_batches=0.0", "limit_val_batches=0.0: expected a number of batches from 1"),
        ("limit_test_batches=-1", "limit_test_batches=-1: expected"),
        ("limit_test_batches=1.5", "limit_test_batches=1.5: expected"),
        ("limit_test_batches=true", "limit_test_batches=true: expected a number or a whole number"),
        ("overfit_batches=-2", "overfit_batches=-2: expected a number of batches from 1"),
        ("fast_dev_run=-2", "fast_dev_run=-2: expected a number of batches from 1"),
        ("max_time=00:01:00:00", "max_time is not taken: what a run learns must not depend on the speed"),
        ("logger=true", "logger is not taken: choose one with the group logger"),
        ("num_sanity_val_steps=2", "num_sanity_val_steps is not taken: debug=one_batch tries"),
    ],
)
def test_what_would_leave_out_a_part_of_the_work_is_refused(compose, given, message):
    with pytest.raises(ConfigError, match=rf"^trainer\.{message}"):
        validate(compose(f"+trainer.{given}"), schema=Train)


def test_a_fast_run_keeps_what_else_was_asked_for():
    given = {"fast_dev_run": 2, "max_epochs": 40, "check_val_every_n_epoch": 5, "precision": "32-true"}
    limits = as_limits(given)
    assert (limits["max_epochs"], limits["check_val_every_n_epoch"]) == (1, 1)
    assert limits["precision"] == "32-true"
    assert [limits[f"limit_{split}_batches"] for split in ("train", "val", "test")] == [2, 2, 2]
    assert "fast_dev_run" not in limits


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_share_of_less_than_a_batch_is_refused(split):
    sizes = {"train": 50, "val": 50, "test": 50, split: 9}
    data = SimpleNamespace(loader=lambda name, **_: range(sizes[name]))
    check_shares({f"limit_{split}_batches": 0.2}, data)
    with pytest.raises(ConfigError, match=f"limit_{split}_batches=0.1: of the 9 batches of {split} this is"):
        check_shares({f"limit_{split}_batches": 0.1}, data)
