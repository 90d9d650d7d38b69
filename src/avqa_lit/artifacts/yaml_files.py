"""Writes and reads YAML: plain values alone, of bounded size and depth, without aliases."""

from pathlib import Path
from typing import Any

import yaml

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.artifacts.reading import read_bytes
from avqa_lit.errors import DataError

MOST = 1 << 22
DEEPEST = 64
# libyaml reads a config in a tenth of the time, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What PyYAML raises about a value that has the tag of another type.
_NO_YAML = (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError, LookupError)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """Writes a value twice that stands twice, where YAML would write an alias for it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write_yaml(path: Path, value: dict[str, Any]) -> None:
    """Write a mapping of plain values, whole or not at all, in its own order."""
    write_text(path, yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def read_yaml(path: Path, *, remedy: str) -> dict[str, Any]:
    """The mapping in a file of YAML.

    Raises:
        DataError: no such file, no YAML, no mapping with texts for keys, aliases, or values too deep.
    """
    content = read_bytes(path, most=MOST)
    try:
        _check_events(content)
        value = yaml.load(content, Loader=_LOADER)
    except _NO_YAML as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{path}: expected plain YAML ({problem}); {remedy}") from error
    if not _is_plain(value):
        raise DataError(f"{path}: expected texts, numbers, lists and mappings, found others; {remedy}")
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise DataError(f"{path}: expected keys with values, found a {type(value).__name__}; {remedy}")
    return value


def _is_plain(value: object) -> bool:
    """Whether JSON could hold a value as well, unlike the dates, sets and bytes of YAML."""
    if isinstance(value, dict):
        return all(isinstance(key, str | int) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(_is_plain(inner) for inner in value)
    return value is None or isinstance(value, str | int | float)


def _check_events(content: bytes) -> None:
    """Refuse what would take the loader too long or too deep, before it makes any value of it.

    With aliases, a file of a kilobyte stands for a list without end; libyaml's loader calls itself for each
    level until the process dies.
    """
    depth = 0
    for event in yaml.parse(content, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has an alias, *{event.anchor}")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} is more than {DEEPEST} levels deep")
