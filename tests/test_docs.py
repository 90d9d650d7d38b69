"""What README.md, docs/ and experiments/ point at is there, and their commands are taken."""

import re
import shlex
from pathlib import Path

import pytest

from avqa_lit.config.arguments import for_hydra
from avqa_lit.config.groups import Configs
from avqa_lit.config.schema import Prepare, Train
from avqa_lit.config.validation import validate

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("experiments/*/README.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:^\\$ |`)python -m avqa_lit\.(train|prepare) ([^`\n]+)", re.MULTILINE)
SCHEMAS = {"train": Train, "prepare": Prepare}
# With configs of one's own, which tests of their own follow, or with values that a sampler draws.
ELSEWHERE = ("--config-dir", "--help", "hydra/sweeper", "...")


def commands():
    found = {match for page in PAGES for match in COMMAND.findall(page.read_text("utf-8"))}
    return sorted(one for one in found if not any(word in one[1] for word in ELSEWHERE))


@pytest.mark.parametrize(("command", "arguments"), commands())
def test_every_command_has_keys_that_something_reads(compose, command, arguments):
    given = [one for one in shlex.split(arguments, comments=True) if one != "--multirun"]
    given = [
        one if re.search(r"[\[{]", one) else one.partition(",")[0] for one in given
    ]  # of a sweep, the first
    given = for_hydra(given, schema=SCHEMAS[command], groups=Configs.of([]).groups, renamed={})
    validate(compose(*given, name=command), schema=SCHEMAS[command])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_docs_is_linked_from_the_readme():
    links = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    assert {f"docs/{page.name}" for page in ROOT.glob("docs/*.md")} <= set(links)
