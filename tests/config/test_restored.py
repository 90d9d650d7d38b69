"""A checkpoint whose config or weights fit no class of ours is refused in one message."""

import copy

import pytest
import torch

from avqa_lit.config.restored import restore
from avqa_lit.errors import ConfigError


@pytest.fixture
def restore_changed(small_checkpoint, tmp_path, cache):
    """Restores a checkpoint of which a function has changed the content."""
    content = torch.load(small_checkpoint, weights_only=True)

    def of(change, **given):
        checkpoint = copy.deepcopy(content)
        change(checkpoint, checkpoint["avqa_lit"]["config"])
        torch.save(checkpoint, tmp_path / "changed.ckpt")
        config = {"checkpoint": str(tmp_path / "changed.ckpt"), "data": {}, "trust": [],
                  "paths": {"cache": str(cache)}, "display": False}  # fmt: skip
        return restore(config | given)

    return of


def test_an_unchanged_checkpoint_is_restored(restore_changed):
    restored = restore_changed(lambda checkpoint, config: None)
    assert restored.epoch == 0
    assert restored.module.origin["config"] == restored.trained
    assert restore_changed(lambda checkpoint, config: checkpoint.pop("epoch")).epoch is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, config: config["model"].update(widht=3), "model.widht is not a config key"),
        (lambda _, config: config["model"].pop("hidden"), "QuestionOnly needs model.hidden"),
        (lambda _, config: config["model"].update(hidden="wide"), "model.hidden=wide: expected a"),
        (lambda _, config: config["question"].update(dim=-5), r"question\.dim=-5: expected a"),
        (lambda _, config: config["question"].update(dim=1.5), r"question\.dim=1\.5: expected a"),
        (lambda _, config: config["loss"]["answer"].update(smooth=1), "loss.answer.smooth is not a"),
        (lambda _, config: config["schedule"].update(floor="x"), "schedule.floor=x: expected a number"),
        (lambda _, config: config["optimizer"].update(rate=1), "optimizer.rate is not a config key"),
        (lambda checkpoint, _: checkpoint["avqa_lit"]["spec"].update(taste=1), "spec does not fit .*'taste'"),
        (lambda checkpoint, _: checkpoint.pop("state_dict"), "state_dict does not fit the classes"),
        (lambda checkpoint, _: checkpoint.update(state_dict=[1]), "state_dict does not fit the classes"),
        (lambda checkpoint, _: checkpoint["state_dict"].popitem(), "state_dict does not fit .*Missing key"),
        (lambda checkpoint, _: checkpoint["avqa_lit"].pop("answers"), "answers: field required"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_the_file_and_the_key(restore_changed, change, message):
    with pytest.raises(ConfigError, match=rf"^checkpoint=.*changed.ckpt: .*{message}") as told:
        restore_changed(change)
    assert "\n" not in str(told.value)


def test_a_value_that_no_class_takes_is_named_by_its_key(restore_changed):
    with pytest.raises(ConfigError, match=r"data\.videos=many: expected a whole number"):
        restore_changed(lambda _, config: config["data"].update(videos="many"))
