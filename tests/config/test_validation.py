import pytest

from avqa_lit.config.schema import Prepare, Train
from avqa_lit.config.validation import validate
from avqa_lit.errors import ConfigError


def test_the_default_config_is_valid(compose):
    validate(compose(), schema=Train)
    validate(compose(name="prepare"), schema=Prepare)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+sede=1", "sede is not a config key: did you mean seed?"),
        ("+model.blcoks=1", "model.blcoks is not a config key: did you mean model.blocks?"),
        ("+loss.kl.wieght=1", "loss.kl.wieght is not a config key: did you mean loss.kl.weight?"),
        ("+optimizer.learning=1", "optimizer.learning is not a config key"),
        ("+trainer.max_epoch=1", "trainer.max_epoch is not a config key: did you mean trainer.max_epochs?"),
        ("+trainer.callbacks=1", "trainer.callbacks is not taken: those of a run are fixed"),
        ("+data.bach_size=1", "data.bach_size is not a config key: did you mean data.batch_size?"),
        ("+budget.epoch=1", "budget.epoch is not a config key: did you mean budget.epochs?"),
        ("+paths.run=a", "paths.run is not a config key: did you mean paths.runs?"),
        (
            "+perturbation.feature_nose=1",
            "perturbation.feature_nose is not a config key: did you mean perturbation.feature_noise?",
        ),
        ("+schedule.everi=1", "schedule.everi is not a config key"),
        ("+logger.projct=1", "logger.projct is not a config key: did you mean logger.project?"),
        ("~model.dim", "model: avqa_lit.models.cross_attention.CrossAttention needs model.dim"),
        ("model._target_=avqa_lit.models.cross_attention.Cross", "model._target_=.*cannot be imported"),
        (
            "+loss.matching.weight=1",
            r"loss.matching is not among the loss terms of this run.*loss=\[matching\]",
        ),
        ("model._target_=nowhere.Net", "model._target_=nowhere.Net: cannot be imported"),
    ],
)
def test_what_nothing_reads_is_refused_with_the_nearest_name(compose, override, message):
    with pytest.raises(ConfigError, match=message):
        validate(compose(override), schema=Train)


def test_arguments_of_the_lightning_trainer_are_allowed(compose):
    validate(compose("+trainer.limit_train_batches=3"), schema=Train)


def test_a_mandatory_value_is_asked_for_by_its_name(compose):
    with pytest.raises(ConfigError, match=r"checkpoint has no value: give checkpoint=VALUE"):
        compose(name="predict")


WRITER = "avqa_lit.artifacts.atomic.write_text"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            f"model._target_={WRITER}",
            f"{WRITER}: the group `model` takes a torch.nn.Module that takes `spec`",
        ),
        ("model._target_=os.system", "`model` takes a torch.nn.Module"),
        ("question._target_=builtins.str", "`question` takes a class with a method `encode`"),
        (
            f"loss.kl._target_={WRITER}",
            f"loss.kl._target_={WRITER}: the group `loss` takes a torch.nn.Module",
        ),
        ("data._target_=pathlib.Path", "`data` takes a class with a method `prepare`"),
        ("perturbation._target_=pathlib.Path", "`perturbation` takes a class whose objects can be called"),
        ("optimizer._target_=torch.optim.lr_scheduler.StepLR", "`optimizer` takes a torch.optim.Optimizer"),
        ("schedule._target_=torch.optim.Adam", "`schedule` takes a class with a method `configure`"),
    ],
)
def test_a_target_that_its_group_cannot_be_built_from_is_refused(compose, override, message):
    with pytest.raises(ConfigError, match=message):
        validate(compose(override), schema=Train)


def test_functions_and_nested_nodes_of_the_users_own_are_the_users_word(compose, tmp_path, monkeypatch):
    (tmp_path / "own_code.py").write_text(
        "from torch import nn\n"
        "def unstated(spec, width=3, **parts): ...\n"
        "def stated(spec) -> nn.Module: ...\n"
        "def text(spec) -> str: ...\n"
        "class Net(nn.Module):\n"
        "    @classmethod\n"
        "    def create(cls, spec, **parts): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = compose()
    norm = {"_target_": "torch.nn.LayerNorm", "normalized_shape": 3, "_partial_": True}
    for name, more in (("unstated", {"norm": norm}), ("stated", {}), ("Net.create", {"norm": norm})):
        validate(config | {"model": {"_target_": f"own_code.{name}"} | more}, schema=Train)
    with pytest.raises(ConfigError, match=r"model._target_=own_code.text: the group `model` takes"):
        validate(config | {"model": {"_target_": "own_code.text"}}, schema=Train)
