"""Objects from a resolved config."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from avqa_lit.config.precision import precision_on
from avqa_lit.config.smoke import as_limits
from avqa_lit.errors import ConfigError, UserError
from avqa_lit.ranges import Count

if TYPE_CHECKING:
    from torch import nn

    from avqa_lit.batch import ModelSpec
    from avqa_lit.config.question import Question
    from avqa_lit.config.requirements import Requirements
    from avqa_lit.config.run_data import RunData
    from avqa_lit.losses.weighted import WeightedLosses
    from avqa_lit.training.module import AVQAModule, OptimizerFactory

# Read by us beside the arguments of lightning.Trainer, with what they may be.
TRAINER_KEYS_OF_OURS = {"threads": Count | Literal["auto"], "log_every_n_steps": Count}
# Arguments of lightning.Trainer that no config gives, and why. All others are honoured.
TRAINER_KEYS_WE_SET = {
    "logger": "choose one with the group logger",
    "callbacks": "those of a run are fixed",
    "plugins": "they are fixed, so that a kill destroys no checkpoint",
    "default_root_dir": "name the run's folder with hydra.run.dir=DIR, that of all runs with paths.runs=DIR",
    "use_distributed_sampler": "batches are divided among the processes without it, with no question twice",
    "enable_progress_bar": "display=false hides the progress",
    "enable_model_summary": "results.json tells the number of parameters",
    "enable_checkpointing": "the epoch that is tested is chosen among checkpoints",
    "num_sanity_val_steps": "debug=one_batch tries the validation before a long training",
    "limit_predict_batches": "training predicts nothing but the questions that it is scored on",
    "min_epochs": "nothing ends a training before trainer.max_epochs or trainer.max_steps",
    "min_steps": "nothing ends a training before trainer.max_epochs or trainer.max_steps",
    "max_time": (
        "what a run learns must not depend on the speed of the machine; a run that is told to end saves, and "
        "resume=auto goes on with it"
    ),
    "reload_dataloaders_every_n_epochs": "the data of a run do not change",
    "barebones": "a run needs its logs and checkpoints; use debug=profile to see where the time goes",
    "enable_autolog_hparams": "config.yaml and the loggers hold the whole config",
    "model_registry": "checkpoints lie in the run's folder",
}


def trainer_arguments(node: Mapping[str, Any]) -> dict[str, Any]:
    """What `lightning.Trainer` is given of the group `trainer`."""
    arguments = {key: value for key, value in as_limits(node).items() if key not in TRAINER_KEYS_OF_OURS}
    return arguments | {"precision": precision_on(node["precision"], accelerator=node["accelerator"])}


def build_model(
    node: dict[str, Any], spec: "ModelSpec", question: "Question", requirements: "Requirements"
) -> "nn.Module":
    """The model, sized for its data; one that reads the question gets the module that does so."""
    # Handed over behind Hydra's back: it would turn the dataclass into a dict.
    make = instantiate(node, _partial_=True, _convert_="all")
    if requirements.model.question:
        make = partial(make, question=question.module(spec))
    model: nn.Module = make(requirements.asked_of_model(spec))
    return model


def build_losses(nodes: dict[str, dict[str, Any]]) -> "WeightedLosses":
    """The answer loss and the weighted terms beside it."""
    from avqa_lit.losses.weighted import WeightedLosses

    ours = ("weight", "start_epoch")
    terms = {}
    for name, node in nodes.items():
        with refusals_told(f"loss.{name}"):
            terms[name] = build({key: value for key, value in node.items() if key not in ours})
    return WeightedLosses(
        terms=terms,
        weights={name: node.get("weight", 1.0) for name, node in nodes.items()},
        start_epochs={name: node.get("start_epoch", 0) for name, node in nodes.items()},
    )


def build_module(
    config: dict[str, Any], data: "RunData", requirements: "Requirements", *, origin: dict[str, Any]
) -> "AVQAModule":
    """What is trained and evaluated.

    Args:
        config: of a training run.
        data: its data.
        requirements: what its model and losses declare.
        origin: what its checkpoints carry.
    """
    from avqa_lit.training.module import AVQAModule

    with refusals_told("model"):
        model = build_model(config["model"], data.module.spec, data.question, requirements)
    losses = build_losses(config["loss"])
    with refusals_told("schedule"):
        schedule = build(config["schedule"])
    return AVQAModule(
        model=model,
        losses=losses,
        features_as_stored=requirements.model.features_as_stored,
        labels=len(data.module.labels),
        taxonomy=data.module.store.taxonomy,
        optimizer=build_optimizer(config["optimizer"]),
        schedule=schedule,
        monitor=config["monitor"],
        log_every_n_steps=config["trainer"]["log_every_n_steps"],
        origin=origin,
    )


def build_optimizer(node: dict[str, Any]) -> "OptimizerFactory":
    """A function from parameters to their optimizer."""
    return partial(instantiate, {**node, "_convert_": "all"})


def build(node: dict[str, Any]) -> Any:
    """The object that a node with a `_target_` describes."""
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        # Hydra wraps whatever a constructor raises; a user's mistake is told in our own words alone.
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        raise


@contextmanager
def refusals_told(key: str) -> Iterator[None]:
    """Tell in one line what a class says of its arguments, with the key of its node.

    Raises:
        ConfigError: the block ends with an error of a class that Hydra called.
    """
    try:
        yield
    except InstantiationException as error:
        cause = error.__cause__ or error
        if isinstance(cause, UserError):
            raise cause from None
        reason = str(cause).strip().partition("\n")[0] or type(cause).__name__
        raise ConfigError(f"{key}: its class refuses these values: {reason}") from error
