import json
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "experiments" / "synthetic_data"
RESULTS = json.loads((FOLDER / "results.json").read_text("utf-8"))


def test_the_page_shows_the_measured_numbers(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    assert import_module("measure").outcome(RESULTS) in (FOLDER / "README.md").read_text("utf-8")


def test_the_oracle_is_always_right_and_the_question_alone_about_half_the_time():
    assert RESULTS["oracle"] == 1.0
    assert 0.35 <= RESULTS["prior"]["overall"] <= 0.55
    assert max(RESULTS["largest_answer_share"].values()) <= 0.6


@pytest.mark.parametrize(
    "name", [name for name, one in RESULTS["probes_present"].items() if "error" not in one["measure"]]
)
def test_features_hold_what_they_should(name):
    one = RESULTS["probes_present"][name]
    assert one["value"] >= one["guessing"] + 0.4


@pytest.mark.parametrize("name", RESULTS["probes_absent"])
def test_features_hold_nothing_of_the_other_modality(name):
    one = RESULTS["probes_absent"][name]
    assert one["value"] == pytest.approx(one["guessing"], abs=0.1)
