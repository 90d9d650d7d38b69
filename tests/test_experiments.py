"""What the studies' pages say is what their results hold."""

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "experiments"
SPEC = importlib.util.spec_from_file_location("redraw", HERE / "redraw.py")
redraw = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(redraw)


@pytest.mark.parametrize("name", redraw.STUDIES)
def test_the_page_shows_the_results_and_the_command(name):
    page = (HERE / name / "README.md").read_text("utf-8")
    results = json.loads((HERE / name / "results.json").read_text("utf-8"))
    assert f"{redraw.BEGIN}\n{redraw.outcome(results)}\n{redraw.END}" in page
    assert f"`{results['command']}`" in page
    assert results["command"] == redraw.command_of(name)
    seeds = 2 if redraw.STUDIES[name].correlates else 3
    assert all(len(one["seeds"]) == seeds for one in results["configurations"])
