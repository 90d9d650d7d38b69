"""Every key that docs/config.md lists can be set as it says."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from avqa_lit.config.arguments import for_hydra
from avqa_lit.config.groups import Configs
from avqa_lit.config.schema import Evaluate, Predict, Prepare, Train
from avqa_lit.config.validation import validate

SCHEMAS = {"train": Train, "evaluate": Evaluate, "predict": Predict, "prepare": Prepare}
PAGE = (Path(__file__).parents[2] / "docs" / "config.md").read_text("utf-8")
SECTION = re.compile(r"^#+ (\S+=\S+|python -m avqa_lit\.\w+)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)` \| `(.*?)` \|", re.MULTILINE)
GROUPS = Configs.of([]).groups


def documented():
    """What each section of the page is about, and the keys with values that it lists."""
    return [(title, rows) for title, text in SECTION.findall(PAGE) if (rows := ROW.findall(text))]


def override(key, value):
    """As it stands on the command line; a key in braces has no quotes there."""
    value = "a" if value == "???" else re.sub(r'"(\w+)":', r"\1:", value)
    return f"{key}={value}"


@pytest.mark.parametrize(("title", "rows"), documented(), ids=[title for title, _ in documented()])
def test_every_documented_key_can_be_set(compose, title, rows):
    command = title.removeprefix("python -m avqa_lit.") if " " in title else "train"
    chosen = [] if " " in title else [title]
    # A group that is not chosen has no name to give.
    keys = [override(*row) for row in rows if not (row[0] in GROUPS and row[1] == "null")]
    given = for_hydra([*chosen, *keys], schema=SCHEMAS[command], groups=GROUPS, renamed={})
    validate(compose(*given, name=command), schema=SCHEMAS[command])


@pytest.mark.parametrize("schema", SCHEMAS.values())
def test_no_group_shares_its_name_with_a_value(schema):
    values = {
        one.name for one in fields(schema) if "dict" not in str(one.type) and not is_dataclass(one.type)
    }
    assert values & GROUPS == set()
