"""From a composed config to the plain one that names, rebuilds and reproduces a run."""

from collections.abc import Mapping
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from avqa_lit.config.paths import with_absolute_paths
from avqa_lit.config.schema import FILLED_BY_BUDGET, Evaluate
from avqa_lit.config.trust import trusted_names
from avqa_lit.config.validation import validate
from avqa_lit.errors import ConfigError


def resolved(cfg: DictConfig) -> dict[str, Any]:
    """Plain config with absolute paths, interpolations and the budget filled in, without the `hydra` node.

    Raises:
        ConfigError: a mandatory value that nobody gave, a path that is empty, or a value of `trust` that
            names nothing.
    """
    # A shallow copy shares its nodes with `cfg`, which Hydra has made read-only; the hydra node is big.
    tasks = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
    try:
        config = cast(
            dict[str, Any],
            OmegaConf.to_container(tasks, resolve=True, throw_on_missing=True),
        )
    except MissingMandatoryValue as error:
        key = error.full_key or str(error)
        raise ConfigError(
            f"{key} has no value: give {key}=VALUE on the command line or in a config"
        ) from error
    if "trust" in config:
        config["trust"] = trusted_names(config["trust"])
    if config.get("prompt") == {}:  # as configs were before there were prompts, whose keys stay the same
        del config["prompt"]
    if "budget" in config:
        fill_in_budget(config, config["budget"])
    return with_absolute_paths(config)


def resolved_evaluation(cfg: DictConfig) -> dict[str, Any]:
    """Plain config of evaluate, checked; its `data` holds what was chosen or given, and nothing else.

    Raises:
        ConfigError: a key that nothing reads.
    """
    config = resolved(cfg)
    unsaid = Evaluate().data
    config["data"] = {
        key: value for key, value in config["data"].items() if value is not None or key not in unsaid
    }
    validate(config, schema=Evaluate)
    return config


def fill_in_budget(config: dict[str, Any], budget: Mapping[str, Any]) -> None:
    """Give the keys that `budget` decides their value where they have none.

    A training whose number of steps is given has no number of epochs beside it.
    """
    for dotted, value in FILLED_BY_BUDGET.items():
        group, key = dotted.split(".")
        node = config.get(group) or {}
        if key in node and node[key] is None and node.get("max_steps") in (None, -1):
            node[key] = budget[value]


def require_videos(data: Mapping[str, Any]) -> None:
    """Refuse embedded data whose size neither the command line nor a budget tells.

    Raises:
        ConfigError: `data.videos` is null.
    """
    if data.get("videos", 0) is None:
        raise ConfigError(
            "data.videos has no value: give data.videos=N, the size of the embedded data that was answered"
        )
