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
        ("+model.blcoks=1", "model.blcoks is not a config key: did you mean blocks?"),
        ("+loss.kl.wieght=1", "loss.kl.wieght is not a config key: did you mean weight?"),
        ("+optimizer.learning=1", "optimizer.learning is not a config key"),
        ("+trainer.max_epoch=1", "trainer.max_epoch is not a config key: did you mean max_epochs?"),
        ("+trainer.callbacks=1", "trainer.callbacks is not a config key"),
        ("+data.bach_size=1", "data.bach_size is not a config key: did you mean batch_size?"),
        ("+budget.epoch=1", "budget.epoch is not a config key: did you mean epochs?"),
        ("+paths.run=a", "paths.run is not a config key: did you mean runs?"),
        (
            "+perturbation.feature_nose=1",
            "perturbation.feature_nose is not a config key: did you mean feature_noise?",
        ),
        ("+schedule.everi=1", "schedule.everi is not a config key"),
        ("+logger.projct=1", "logger.projct is not a config key: did you mean project?"),
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
