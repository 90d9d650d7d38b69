"""Refuses misspelt keys, wherever they were written, before any data is read."""

import difflib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object

from avqa_lit.config.roles import check_fit
from avqa_lit.config.schema import Answers, Budget, Paths, Train
from avqa_lit.data.serving import Serving
from avqa_lit.data.views import CLEAN
from avqa_lit.errors import ConfigError

# Arguments that our own code gives when it builds an object of this group.
GIVEN_BY_US = {
    "model": {"spec", "question"},
    "question": {"spec"},
    "optimizer": {"params"},
}
LOGGER_KEYS = {"name", "mode", "project", "entity", "tags", "timeout", "artifacts"}
# Keys beside the arguments of the class, read by our own code.
READ_BY_US = {"loss": {"weight", "start_epoch"}, "data": {one.name for one in fields(Serving)}}


def nearest(key: str, known: Collection[str]) -> str:
    """A hint at the most similar known key, or the list of all.

    Example:
        >>> nearest("wieght", ["weight", "axis"])
        'did you mean weight?'
    """
    close = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else "known keys: " + ", ".join(sorted(known))


def explain_absent_term(name: str) -> str:
    """What to do about a key of a loss term that the run has not got."""
    return (
        f"loss.{name} is not among the loss terms of this run, which the model may choose (model=avst does): "
        f"name those beside the answer loss, as in loss=[{name}], or with model=avst loss=[matching,{name}]"
    )


def validate(config: dict[str, Any], *, schema: type) -> None:
    """Check that every key of a resolved config is read by somebody.

    Raises:
        ConfigError: a key that nothing reads, with the nearest right one; a loss term that was not chosen; a
            `_target_` that cannot be imported, or that its group cannot be built from; an argument that a
            class needs and does not get; a view to test on, in training.
    """
    _check_names("", config, {one.name for one in fields(schema)})
    for group, known in (("budget", Budget), ("paths", Paths), ("answers", Answers)):
        _check_names(f"{group}.", config.get(group) or {}, {one.name for one in fields(known)})
    if "trainer" in config:
        _check_trainer(config["trainer"])
    if "logger" in config:
        _check_names("logger.", config["logger"], LOGGER_KEYS)
    for name, node in (config.get("loss") or {}).items():
        if "_target_" not in node:
            raise ConfigError(explain_absent_term(name))
    for path, node in _targets(config):
        _check_target(path, node)
    if schema is Train and config["data"].get("view", CLEAN) != CLEAN:
        raise ConfigError(
            f"data.view={config['data']['view']}: a run is chosen and tested on the {CLEAN} view; train on "
            "others with data.train_views, and measure them with python -m avqa_lit.evaluate"
        )


def _check_names(prefix: str, node: Mapping[str, Any], known: Collection[str]) -> None:
    for key in node:
        if key not in known:
            raise ConfigError(f"{prefix}{key} is not a config key: {nearest(key, known)}")


def _check_trainer(trainer: Mapping[str, Any]) -> None:
    from lightning import Trainer

    from avqa_lit.config.build import TRAINER_KEYS_OF_OURS, TRAINER_KEYS_WE_SET
    from avqa_lit.config.smoke import check_smoke

    for key in trainer:
        if key in TRAINER_KEYS_WE_SET:
            raise ConfigError(f"trainer.{key} is not taken: {TRAINER_KEYS_WE_SET[key]}")
    _check_names("trainer.", trainer, set(inspect.signature(Trainer).parameters) | set(TRAINER_KEYS_OF_OURS))
    check_smoke(trainer)


def _targets(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node
        for key, value in node.items():
            yield from _targets(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _targets(value, (*path, str(index)))


def _check_target(path: tuple[str, ...], node: Mapping[str, Any]) -> None:
    dotted = ".".join(path)
    try:
        target: Callable[..., Any] = get_object(node["_target_"])
    except (InstantiationException, ImportError, ValueError, AttributeError) as error:
        raise ConfigError(f"{dotted}._target_={node['_target_']}: cannot be imported ({error})") from error
    check_fit(path, node["_target_"], target)
    parameters = inspect.signature(target).parameters
    open_ended = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    given_by_us = GIVEN_BY_US.get(path[0], set()) if len(path) == 1 else set()
    read_by_us = READ_BY_US.get(path[0], set()) if len(path) == (1 if path[0] == "data" else 2) else set()
    keys = set(node) - {"_target_", "_partial_", "_convert_", "_recursive_", "_args_"}
    if not open_ended:
        _check_names(
            f"{dotted}.", {key: node[key] for key in keys}, (set(parameters) - given_by_us) | read_by_us
        )
    missing = [
        name
        for name, one in parameters.items()
        if one.default is inspect.Parameter.empty
        and one.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        and name not in keys | given_by_us
    ]
    if missing:
        raise ConfigError(
            f"{dotted}: {node['_target_']} needs {', '.join(f'{dotted}.{one}' for one in missing)}"
        )
