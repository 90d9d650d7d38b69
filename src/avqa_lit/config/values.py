"""Checks the values of a config against the annotations of what takes them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import ErrorDetails

from avqa_lit.errors import ConfigError

# What an error of pydantic expects, in words; names in braces stand in its context.
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text (a number is one in quotes)",
    "bool_type": "true or false",
    "none_required": "null",
    "list_type": "a list",
    "tuple_type": "a list",
    "missing": "a value",
    "dict_type": "keys with values",
    "mapping_type": "keys with values",
    "dataclass_type": "keys with values",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of {le:g} or less",
    "literal_error": "{expected}",
}
# A plain value cannot be any of these, so that only the class itself can tell what it makes of one.
_NOT_PLAIN = {"needs_python_object", "is_instance_of", "is_subclass_of", "callable_type"}


def annotations_of(target: Callable[..., Any]) -> dict[str, Any]:
    """Annotation of each argument of a class or function; none where they cannot be evaluated."""
    try:
        function = target.__init__ if isinstance(target, type) else target  # type: ignore[misc]
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return {}


def check_value(key: str, value: Any, annotation: Any) -> None:
    """Refuse a plain value that an annotation does not allow.

    Types are strict: a text is no number, and a number with a fraction is not a whole one. Nothing is said of
    values that describe objects, nor where the annotation names classes alone.

    Args:
        key: dotted key, for the message.
        value: plain value, as a config file holds it.
        annotation: type, which may carry ranges; see `avqa_lit.ranges`.

    Raises:
        ConfigError: names the key, the value and what was expected.
    """
    if _describes_objects(value):
        return
    try:
        adapter = _adapter(annotation)
    except TypeError:  # what cannot be hashed is no annotation of ours
        return
    if adapter is None:
        return
    try:
        # As JSON, in which a strict list may be a tuple, and a strict text a path.
        adapter.validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError as error:
        details = [detail for detail in error.errors() if detail["type"] not in _NOT_PLAIN]
        if details:
            raise ConfigError(_message(key, value, details)) from None


def shown(value: Any) -> str:
    """A value as it is written on the command line.

    Example:
        >>> shown(None), shown(True), shown("a"), shown([0.5, "b"])
        ('null', 'true', 'a', '[0.5, "b"]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _message(key: str, value: Any, details: Sequence[ErrorDetails]) -> str:
    place, found = _within(value, details[0]["loc"])
    words = dict.fromkeys(
        _words(detail) for detail in details if _within(value, detail["loc"])[0] == place
    )  # each once, in order
    return f"{'.'.join([key, *place])}={shown(found)}: expected {' or '.join(words)}"


def _within(value: Any, location: Sequence[Any]) -> tuple[tuple[str, ...], Any]:
    """Keys that lead to the wrong value, and the value; a location names the members of a union as well."""
    keys: list[str] = []
    for part in location:
        if (isinstance(value, Mapping) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]
        else:
            continue
        keys.append(str(part))
    return tuple(keys), value


def _words(detail: ErrorDetails) -> str:
    known = _EXPECTED.get(detail["type"])
    if known is None:
        return detail["msg"].removeprefix("Input should be ")
    words = known.format(**detail.get("ctx", {})).replace("'", "")
    return "a finite number" if words == "a number below inf" else words


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a dataclass takes no config
        pass
    try:
        return TypeAdapter(annotation)
    except PydanticUserError:
        return None


def _describes_objects(value: Any) -> bool:
    return any("_target_" in node for node in _mappings(value))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for child in value.values():
            yield from _mappings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _mappings(child)
