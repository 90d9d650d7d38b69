from collections import OrderedDict
from pathlib import Path

import pytest

from avqa_lit.artifacts.checkpoint_origin import Origin, read_origin
from avqa_lit.errors import ConfigError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

CONFIG = {
    "seed": 3,
    "monitor": "val/acc/overall",
    "model": {"_target_": "a.B"},
    "question": {},
    "loss": {"answer": {"_target_": "a.C"}},
    "optimizer": {"lr": 0.1},
    "schedule": {},
    "data": {"raw": None},
    "trainer": {"precision": "32-true", "log_every_n_steps": 7, "devices": 2},
    "budget": {"name": "quick", "epochs": 5, "videos": 11},
    "experiment": None,
}
ORIGIN = Origin(
    key="abc",
    checksum="def",
    config=CONFIG,
    answers=("yes", "no"),
    words=("is", "it"),
    spec={"audio": (2,)},
    taxonomy=Taxonomy.from_plain([{"type": "which"}]),
)


def read(entry):
    return read_origin({"avqa_lit": entry, "state_dict": {}}, path=Path("a.ckpt"))


def changed(path, value):
    """The origin's plain values with another one at a path; None removes it."""
    plain = ORIGIN.plain()
    *parents, last = path.split(".")
    node = plain
    for key in parents:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return plain


def test_what_is_written_is_read_with_the_keys_of_the_config_in_their_order():
    again = read(ORIGIN.plain())
    assert again == ORIGIN
    assert list(again.config) == list(CONFIG)


def test_the_plain_values_are_lists_and_a_copy():
    plain = ORIGIN.plain()
    assert plain["answers"] == ["yes", "no"]
    plain["config"]["seed"] = 4
    assert ORIGIN.config["seed"] == 3


REQUIRED = ("key", "checksum", "config", "answers", "words", "spec", "config.model", "config.question",
            "config.loss", "config.optimizer", "config.schedule", "config.data", "config.trainer",
            "config.budget", "config.seed", "config.monitor", "config.trainer.precision",
            "config.trainer.log_every_n_steps", "config.budget.epochs", "config.budget.videos")  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_entry_is_named(path):
    with pytest.raises(
        ConfigError, match=rf"^checkpoint=a.ckpt: {path}: field required; the file is damaged"
    ):
        read(changed(path, None))


@pytest.mark.parametrize("path", REQUIRED)
def test_an_entry_of_another_type_is_named(path):
    with pytest.raises(ConfigError, match=rf"^checkpoint=a.ckpt: {path}: input should be"):
        read(changed(path, b"x"))


LOOP = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("answers", ["yes", 1], "answers.1: input should be a valid string"),
        ("answers", LOOP, "answers.0: input should be a valid string"),
        ("config.seed", -1, "config.seed: input should be greater"),
        ("config.seed", True, "config.seed: input should be a valid integer"),
        ("config.budget.epochs", 10**29, "config.budget.epochs: input should be less"),
        ("config.trainer.precision", "half", "config.trainer.precision: input should be 'auto'"),
        ("config.loss", {"a\x1b[2J": 1}, r"config.loss.'a\\x1b\[2J': input should be a valid dictionary"),
    ],
)
def test_a_value_that_no_run_writes_is_named(path, value, message):
    with pytest.raises(ConfigError, match=f"^checkpoint=a.ckpt: {message}"):
        read(changed(path, value))


@pytest.mark.parametrize("entry", [None, 3, [], OrderedDict()])
def test_an_entry_that_is_no_mapping_or_empty_is_refused(entry):
    with pytest.raises(
        ConfigError, match=r"^checkpoint=a.ckpt: (avqa_lit: input should be|key: field required)"
    ):
        read(entry)


def test_a_file_without_the_entry_is_refused():
    with pytest.raises(
        ConfigError, match=r"checkpoint=a.ckpt: expected a checkpoint written by avqa_lit.train"
    ):
        read_origin({"state_dict": {}}, path=Path("a.ckpt"))


def test_a_checkpoint_of_an_older_version_is_of_music_avqa():
    assert read(changed("taxonomy", None)).taxonomy == MUSIC_AVQA
