"""A command line as Hydra takes it: paths and names are free text, and a plus is needed for groups alone."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from avqa_lit.config.paths import PATHS, PATHS_OF_HYDRA, absolute

# Names that people choose, which may hold anything.
NAMES = ("study", "logger.name")
# Names of folders, files and arrays, in which placeholders stand in braces.
_NAMES_OF_FEATURES = re.compile(r"(data\.(audio|visual|tracks\.\w+)|question|prompt)\.(folder|files|array)")
# Options that have a value behind them.
_WITH_VALUE = {"--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p"}
_OVERRIDE = re.compile(r"(?P<plus>\+{0,2})(?P<key>[\w./@:-]+)=(?P<text>.*)", re.DOTALL)


def for_hydra(
    arguments: Sequence[str], *, schema: type, groups: Collection[str], renamed: Mapping[str, str]
) -> list[str]:
    """The arguments of a command in Hydra's grammar; those that are in it already stay as they are.

    Args:
        arguments: as the shell gives them.
        schema: dataclass of the config's root.
        groups: names of the groups of configs.
        renamed: keys of free text that go to another key.
    """
    texts = {*PATHS, *PATHS_OF_HYDRA, *NAMES, *renamed.values()}
    sweeps = not {"--multirun", "-m"}.isdisjoint(arguments)
    made = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        found = _OVERRIDE.fullmatch(argument)
        if found is None or argument.startswith("-") or before in _WITH_VALUE:
            made.append(argument)
            continue
        key, text = renamed.get(found["key"], found["key"]), found["text"]
        if key in texts or _NAMES_OF_FEATURES.fullmatch(key):
            text = _free_text(key, text, sweeps=sweeps)
        elif key in groups and not _is_name(text):
            text = _quoted(text)
        made.append(f"{_plus(found['plus'], key, schema=schema, groups=groups)}{key}={text}")
    return made


def _plus(plus: str, key: str, *, schema: type, groups: Collection[str]) -> str:
    """What is left of a plus: a group that no default chooses needs one, other keys of ours need none."""
    in_schema = key.partition(".")[0] in {key_field.name for key_field in fields(schema)}
    if not plus or in_schema:
        return ""
    return "+" if key in groups else plus


def _free_text(key: str, text: str, *, sweeps: bool) -> str:
    """The text as one value; for a path also null, a list, or a sweep that is asked for."""
    in_quotes = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    may_be_null = key in (*PATHS, *NAMES) or _NAMES_OF_FEATURES.fullmatch(key)
    if in_quotes or (may_be_null and text == "null"):
        return text
    in_grammar = re.fullmatch(r"\[.*\]|choice\(.*\)", text, re.DOTALL) or (sweeps and "," in text)
    if key in PATHS and in_grammar and not Path(text).exists():
        return text
    if key in PATHS_OF_HYDRA:
        text = absolute(key, text)
    return text if _value(text) == text else _quoted(text)


def _is_name(text: str) -> bool:
    return not isinstance(_value(text), bool | int | float | None)


def _value(text: str) -> object:
    """What Hydra makes of a text; the empty text where it cannot read it."""
    try:
        return OverridesParser.create().parse_override(f"key={text}").value()
    except HydraException:
        return ""


def _quoted(text: str) -> str:
    quoted: str = QuotedString(text, Quote.single).with_quotes()
    return quoted
