"""What takes the keys of a config: a class, a function or the schema, each with the values it allows."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import get_object

from avqa_lit.config.precision import Precision
from avqa_lit.config.roles import check_fit
from avqa_lit.config.schema import Answers, Budget, Paths
from avqa_lit.config.values import annotations_of
from avqa_lit.data.serving import Serving
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Count, Index, NonNegative

# Arguments that our own code gives when it builds an object of this group.
GIVEN_BY_US = {
    "model": {"spec", "question"},
    "question": {"spec"},
    "prompt": {"spec"},
    "optimizer": {"params"},
    "logger": {"folder", "config", "key", "overrides", "group"},
}
# Keys beside the arguments of a loss term, read by `avqa_lit.losses.weighted`.
OF_A_LOSS_TERM: dict[str, Any] = {"weight": NonNegative, "start_epoch": Index}
# Keys of Hydra beside the arguments of a class.
_OF_HYDRA = {"_target_", "_partial_", "_convert_", "_recursive_", "_args_"}


@dataclass(frozen=True)
class Taker:
    """What takes the keys of one node of a config.

    Attributes:
        path: dotted key of the node; empty for the root.
        node: keys and values that are given.
        name: of the class or function, for messages.
        takes: annotation of each key that the node may hold.
        defaults: values that stand where no other is given.
        needs: keys that must be given.
        takes_others: whether it takes keys of any other name, too.
    """

    path: str
    node: Mapping[str, Any]
    name: str
    takes: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    takes_others: bool = False

    def key(self, name: str) -> str:
        """Dotted key of one of its keys."""
        return f"{self.path}.{name}" if self.path else name

    @property
    def given(self) -> dict[str, Any]:
        """The given keys, without those that Hydra reads."""
        return {name: value for name, value in self.node.items() if name not in _OF_HYDRA}


def takers_of(config: Mapping[str, Any], *, schema: type) -> Iterator[Taker]:
    """What takes the keys of each node of a resolved config.

    Raises:
        ConfigError: a `_target_` that cannot be imported, or that its group cannot be built from.
    """
    yield Taker("", config, schema.__name__, get_type_hints(schema, include_extras=True))
    for path, dataclass_ in (("budget", Budget), ("paths", Paths), ("answers", Answers)):
        if path in config:
            yield Taker(path, config[path], path, get_type_hints(dataclass_, include_extras=True))
    if "trainer" in config:
        yield _trainer(config["trainer"])
    if "logger" in config:
        yield _logger(config["logger"])
    for parts, node in _targets(config):
        yield _of_target(parts, node)


def _trainer(node: Mapping[str, Any]) -> Taker:
    from lightning import Trainer

    from avqa_lit.config.build import TRAINER_KEYS_OF_OURS, TRAINER_KEYS_WE_SET

    takes = annotations_of(Trainer)
    takes = {name: takes.get(name, Any) for name in inspect.signature(Trainer).parameters}
    takes |= {
        "precision": Precision,
        "max_epochs": Count | None,  # -1 would have no end for a schedule to stretch to
        **TRAINER_KEYS_OF_OURS,
    }
    for name in TRAINER_KEYS_WE_SET:
        takes.pop(name, None)
    return Taker("trainer", node, "lightning.Trainer", takes)


def _logger(node: Mapping[str, Any]) -> Taker:
    from avqa_lit.training.wandb_run import wandb_logger

    names = set(inspect.signature(wandb_logger).parameters) - GIVEN_BY_US["logger"]
    annotations = annotations_of(wandb_logger)
    takes = {name: annotations[name] for name in names} | {"kind": Literal["wandb", "none"]}
    needs = frozenset(takes if node.get("kind") == "wandb" else {"kind"})
    return Taker("logger", node, "the logger", takes, needs=needs)


def _targets(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield path, node
        for key, value in node.items():
            yield from _targets(value, (*path, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _targets(value, (*path, str(index)))


def _read_by_us(path: tuple[str, ...]) -> dict[str, Any]:
    """Keys beside the arguments of the class at `path`, which our own code reads."""
    if path == ("data",):
        return {option.name: annotations_of(Serving)[option.name] for option in fields(Serving)}
    return OF_A_LOSS_TERM if len(path) == 2 and path[0] == "loss" else {}


def _of_target(path: tuple[str, ...], node: Mapping[str, Any]) -> Taker:
    dotted, name = ".".join(path), node["_target_"]
    try:
        target: Callable[..., Any] = get_object(name)
    except (InstantiationException, ImportError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"{dotted}._target_={name}: cannot be imported ({error})") from error
    check_fit(path, name, target)
    given_by_us = GIVEN_BY_US.get(path[0], set()) if len(path) == 1 else set()
    read_by_us = _read_by_us(path)
    parameters = inspect.signature(target).parameters.values()
    named = [
        parameter
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        and parameter.name not in given_by_us
    ]
    annotations = annotations_of(target)
    return Taker(
        path=dotted,
        node=node,
        name=name,
        takes={parameter.name: annotations.get(parameter.name, Any) for parameter in named} | read_by_us,
        defaults={
            parameter.name: parameter.default
            for parameter in named
            if parameter.default is not parameter.empty
        },
        needs=frozenset(
            parameter.name
            for parameter in named
            if parameter.default is parameter.empty and "_args_" not in node
        ),
        takes_others=any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters),
    )
