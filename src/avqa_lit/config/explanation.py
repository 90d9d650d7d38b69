"""Errors of Hydra and OmegaConf in words that name the key and what to do."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, ValidationError

from avqa_lit.config.hints import nearest_member, unknown_key
from avqa_lit.config.values import check_value
from avqa_lit.errors import ConfigError, UserError

_NOT_IN_DEFAULTS = re.compile(r"Could not override '([^']+)'. No match in the defaults list")


def explain(
    error: Exception,
    *,
    arguments: Sequence[str],
    schema: type,
    members: Callable[[str], list[str]],
    known: Callable[[], list[str]],
) -> str:
    """The message for a user.

    Args:
        error: a user's mistake, or an error of Hydra or OmegaConf.
        arguments: of the command line, as Hydra takes them.
        schema: dataclass of the config's root.
        members: gives the names in a group of configs.
        known: gives all dotted keys.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        if group:
            return f"{group}={name}: {nearest_member(group, name, members(group))}"
    unchosen = _NOT_IN_DEFAULTS.search(str(error))
    if unchosen:
        return _without_default(unchosen[1], arguments, members, known)
    for cause in _causes(error):
        key = getattr(cause, "full_key", None) or str(getattr(cause, "key", None) or "")
        if key and isinstance(cause, ConfigKeyError | ConfigAttributeError):
            return unknown_key(key, known())
        if key and isinstance(cause, ValidationError):
            return _of_wrong_type(key, cause, arguments, schema)
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override}: cannot be read ({str(error).splitlines()[0]}); put a text with such signs in "
            "quotes, within those of the shell, as in \"KEY='a text, of any kind'\""
        )
    return ": ".join(" ".join(str(cause).split()) for cause in _causes(error) if str(cause))


def _without_default(
    group: str, arguments: Sequence[str], members: Callable[[str], list[str]], known: Callable[[], list[str]]
) -> str:
    """What to say of a group that the command has no default of."""
    if group != "experiment":
        return unknown_key(group, known())
    given = [
        argument.partition("=")[2].strip("'") for argument in arguments if argument.startswith("experiment=")
    ]
    return (
        f"experiment={given[-1]}: a study is named with study=NAME, and an experiment file is chosen with a "
        f"plus, +experiment=NAME; {nearest_member(group, given[-1], members(group))}"
    )


def _of_wrong_type(key: str, error: ValidationError, arguments: Sequence[str], schema: type) -> str:
    """What the schema expects of a key; from a file, OmegaConf's own words."""
    annotation: Any = schema
    for part in key.split("."):
        annotation = get_type_hints(annotation, include_extras=True).get(part, Any)
    for argument in reversed(arguments):
        if argument.startswith(f"{key}="):
            value = OverridesParser.create().parse_override(argument).value()
            try:
                check_value(key, value, annotation)
            except ConfigError as told:
                return str(told)
    return f"{key}: {str(error).splitlines()[0]}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
