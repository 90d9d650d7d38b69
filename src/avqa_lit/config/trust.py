"""What a config from elsewhere may name: in each group what its role takes, where it is defined."""

import importlib
import keyword
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from hydra.utils import get_object

from avqa_lit.config.roles import Role, is_network, made_by, role_at
from avqa_lit.errors import ConfigError

TARGET = "_target_"
# A config that avqa_lit writes is far below both.
MOST_LEVELS = 32
MOST_VALUES = 20_000


def trusted_names(value: Any) -> list[str]:
    """The packages and classes that `trust` names; a single name stands for a list of one.

    Raises:
        ConfigError: something else than names of packages or classes of somebody's own.
    """
    names = [value] if isinstance(value, str) else value
    expected = "expected packages or classes of your own, as in trust=[mylab] or trust=[mylab.net.Net]"
    if not isinstance(names, list):
        raise ConfigError(f"trust={value}: {expected}")
    for name in names:
        if not isinstance(name, str) or not all(
            part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")
        ):
            raise ConfigError(f"trust={value}: {name!r} is not a name; {expected}")
        if name.partition(".")[0] in {"avqa_lit", *sys.stdlib_module_names}:
            raise ConfigError(
                f"trust={value}: {name} belongs to avqa_lit or to Python, whose classes `trust` does not "
                f"add; {expected}"
            )
    return names


def check_trust(
    config: Mapping[str, Any], *, trust: Sequence[str], origin: Path, unread: Collection[str] = ()
) -> None:
    """Refuse a config from elsewhere that names more than the roles of its groups allow.

    All of it is checked before anything is built. A target is looked up only in modules of the group's role
    and in those that `trust` names; no other module is imported.

    Args:
        config: plain config that came with a file.
        trust: names of packages and classes beside those of the roles; see `trusted_names`.
        origin: the file, for messages.
        unread: groups of which nothing will be built.

    Raises:
        ConfigError: a target that its place does not allow; a value that is not plain; an interpolation, or
            a key by which Hydra builds in another way.
    """
    for path, value in _walk(config, origin):
        where = f"{origin}: {_dotted(path)} in its config"
        if isinstance(value, str) and "${" in value:
            raise ConfigError(f"{where} is {value!r}; interpolations from elsewhere are not followed")
        if not isinstance(value, dict):
            continue
        for key in value:
            if isinstance(key, str) and key.startswith("_") and key.endswith("_") and key != TARGET:
                raise ConfigError(f"{where} has the key {key!r}, which only a config of your own may have")
        if TARGET in value and path[0] not in unread:
            _check_target(path, value[TARGET], trust=trust, origin=origin)


def _walk(value: Any, origin: Path) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value below, with its keys; their number is bounded, since a list may hold itself."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    seen = 0
    while waiting:
        path, value = waiting.pop()
        seen += 1
        if len(path) > MOST_LEVELS or seen > MOST_VALUES:
            raise ConfigError(f"{origin}: {_dotted(path[:3])} in its config is too large, or holds itself")
        if path:
            yield path, value
        if isinstance(value, dict):
            if unknown := [key for key in value if not isinstance(key, str | int)]:
                raise ConfigError(
                    f"{origin}: {_dotted(path)} in its config has the key {unknown[0]!r}, expected a text"
                )
            waiting += [((*path, str(key)), child) for key, child in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [((*path, str(index)), child) for index, child in enumerate(value)]
        elif value is not None and not isinstance(value, str | int | float):
            raise ConfigError(
                f"{origin}: {_dotted(path)} in its config is a {type(value).__name__}, expected plain values"
            )


def _dotted(path: Sequence[str]) -> str:
    """A path for a message; a key from elsewhere may hold what controls a terminal."""
    return ".".join(key if key.isprintable() else repr(key) for key in path)


def _check_target(path: tuple[str, ...], target: Any, *, trust: Sequence[str], origin: Path) -> None:
    named = f"{origin}: its config names {target!r} as {_dotted(path)}"
    role, is_part = role_at(path)
    if role is None:
        raise ConfigError(f"{named}, where no class belongs")
    if not isinstance(target, str):
        raise ConfigError(f"{named}, expected the name of a class")
    permitted = [*trust, *(role.parts if is_part else role.packages)]
    if not _is_under(target, permitted):
        top = target.partition(".")[0]
        if top == "avqa_lit" or top in sys.stdlib_module_names:
            raise ConfigError(f"{named}; {_allowed(path[0], role, is_part)}")
        raise ConfigError(
            f"{named}, which is not part of avqa_lit. If you trust the sender of the file and the package of "
            f"that name on this machine, say so with trust=[{top}]"
        )
    try:
        found = _defined(target, permitted)
    except Exception as error:  # the code of others fails as it pleases
        raise ConfigError(f"{named}, which cannot be imported here ({error})") from error
    if is_part:
        is_own = _is_under(target, trust)
        fits = isinstance(found, type) and (not is_own or is_dataclass(found) or is_network(found))
    else:
        made = made_by(found)
        # What a function returns has to be permitted as well: a text, too, has a method `encode`.
        fits = made is not None and role.takes_class(made) and (made is found or _is_from(made, permitted))
    if not fits:
        raise ConfigError(f"{named}; {_allowed(path[0], role, is_part)}")


def _allowed(group: str, role: Role, is_part: bool) -> str:
    own = "a package that trust= names"
    if is_part:
        ours = f"{', '.join(role.parts)}, and " if role.parts else ""
        return f"inside the group `{group}` there may be {ours}a torch.nn.Module or a dataclass of {own}"
    return (
        f"the group `{group}` takes {role.takes}, under the name of its definition in "
        f"{' or '.join(role.packages)}, or one of {own}"
    )


def _is_under(name: str, parents: Collection[str]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def _is_from(found: Any, permitted: Collection[str]) -> bool:
    return _is_under(_definition(found), permitted)


def _definition(found: Any) -> str:
    return f"{getattr(found, '__module__', None)}.{getattr(found, '__qualname__', None)}"


def _defined(target: str, permitted: Collection[str]) -> Any:
    """What has this name, from no other module than the one it names; None where that is not allowed.

    A name of ours counts where it is defined. Other packages may show a class in another module than the one
    that defines it, as torch.optim does, but they may not pass on what belongs to somebody else.
    """
    module_name, _, name = target.rpartition(".")
    if not module_name or "__main__" in module_name.split("."):  # a script runs where it is imported
        return None
    module = importlib.import_module(module_name)
    if name not in vars(module):
        raise ImportError(f"{module_name} has no {name}")
    found = vars(module)[name]
    is_shown = not _is_under(target, ["avqa_lit"]) and _is_from(found, permitted)
    if _definition(found) != target and not is_shown and target not in permitted:
        return None
    # Hydra, which will build it, walks from attribute to attribute instead.
    return found if get_object(target) is found else None
