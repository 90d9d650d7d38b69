"""What each group of a config is built from."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from avqa_lit.errors import ConfigError


def is_network(kind: type) -> bool:
    """Whether a class is a `torch.nn.Module`."""
    from torch import nn

    return issubclass(kind, nn.Module)


def _is_model(kind: type) -> bool:
    if not is_network(kind):
        return False
    parameters = inspect.signature(kind).parameters.values()
    return any(
        parameter.name == "spec" or parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters
    )


def _is_question_files(kind: type) -> bool:
    from avqa_lit.data.question_files import QuestionFiles

    return issubclass(kind, QuestionFiles)


def _is_optimizer(kind: type) -> bool:
    from torch.optim import Optimizer

    return issubclass(kind, Optimizer)


def _has_method(name: str) -> Callable[[type], bool]:
    return lambda kind: any(name in vars(base) for base in kind.__mro__)


@dataclass(frozen=True, kw_only=True)
class Role:
    """What a group of a config is built from.

    Attributes:
        takes: what the group takes, in words.
        fits: whether a class can be built in this group.
        packages: modules and packages whose classes a config from elsewhere may name.
        parts: classes of ours that a config from elsewhere may name inside the group's node.
        is_collection: whether the group holds one node for each entry, as `loss` does.
    """

    takes: str
    fits: Callable[[type], bool]
    packages: tuple[str, ...]
    parts: tuple[str, ...] = ()
    is_collection: bool = False

    def takes_class(self, kind: type) -> bool:
        """Whether a class can be built in this group; a protocol or a type of Python's never can."""
        is_protocol = getattr(kind, "_is_protocol", False)
        return kind.__module__ != "builtins" and not is_protocol and self.fits(kind)


_TEXT = Role(
    takes="a class with a method `encode`, QuestionFiles, or a torch.nn.Module that takes `spec`",
    fits=lambda kind: _has_method("encode")(kind) or _is_question_files(kind) or _is_model(kind),
    packages=(
        "avqa_lit.data.clip_text",
        "avqa_lit.data.hashing",
        "avqa_lit.data.minilm",
        "avqa_lit.data.question_files",
        "avqa_lit.data.transformer",
        "avqa_lit.models.word_lstm",
    ),
)
ROLES: Mapping[str, Role] = {
    "model": Role(
        takes="a torch.nn.Module that takes `spec`",
        fits=_is_model,
        packages=("avqa_lit.models",),
    ),
    "question": _TEXT,
    "prompt": _TEXT,
    "loss": Role(
        takes="a torch.nn.Module for each term",
        fits=is_network,
        packages=("avqa_lit.losses",),
        is_collection=True,
    ),
    "data": Role(
        takes="a class with a method `prepare`",
        fits=_has_method("prepare"),
        packages=("avqa_lit.data.official", "avqa_lit.data.synthetic.concerts"),
        parts=("avqa_lit.data.annotations.FieldMap", "avqa_lit.data.feature_files.Extraction"),
    ),
    "perturbation": Role(
        takes="a class whose objects can be called",
        fits=_has_method("__call__"),
        packages=("avqa_lit.data.perturbation",),
    ),
    "optimizer": Role(
        takes="a torch.optim.Optimizer",
        fits=_is_optimizer,
        packages=("torch.optim",),
    ),
    "schedule": Role(
        takes="a class with a method `configure`",
        fits=_has_method("configure"),
        packages=("avqa_lit.training.schedules",),
    ),
}


def role_at(path: Sequence[str]) -> tuple[Role | None, bool]:
    """The role of the group that a node lies in, and whether the node is a part inside the group's own."""
    role = ROLES.get(path[0]) if path else None
    own_level = 1 if role is None or not role.is_collection else 2
    return (role if len(path) >= own_level else None), len(path) > own_level


def made_by(target: Any) -> type | None:
    """The class itself, or the one that a function says it returns; None where it says nothing."""
    if not isinstance(target, type):
        try:
            target = get_type_hints(target).get("return")
        except Exception:  # not a function, or annotations of somebody's own that cannot be evaluated
            return None
    return target if isinstance(target, type) else None


def check_fit(path: Sequence[str], name: str, target: Any) -> None:
    """Refuse, in the user's own config, a target that the group at `path` cannot be built from.

    A function of the user's own may leave out what it returns.

    Args:
        path: keys from the root of the config to the node.
        name: the node's `_target_`.
        target: what has this name.

    Raises:
        ConfigError: a target that is not fit for its group.
    """
    role, is_part = role_at(path)
    if role is None or is_part:
        return
    made = made_by(target)
    is_function = inspect.isfunction(target) or inspect.ismethod(target)
    is_own_function = is_function and not target.__module__.startswith("avqa_lit.")
    if not (is_own_function if made is None else role.takes_class(made)):
        raise ConfigError(f"{'.'.join(path)}._target_={name}: the group `{path[0]}` takes {role.takes}")
