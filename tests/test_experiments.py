"""What the studies' pages say is what their results hold."""

import json
from pathlib import Path

import pytest
import redraw

HERE = Path(__file__).parents[1] / "experiments"


def kept(name):
    return json.loads((HERE / name / "results.json").read_text("utf-8"))


@pytest.mark.parametrize("name", redraw.STUDIES)
def test_the_page_shows_the_results_and_the_command(name):
    page = (HERE / name / "README.md").read_text("utf-8")
    results = kept(name)
    assert f"{redraw.BEGIN}\n{redraw.outcome(results)}\n{redraw.END}" in page
    assert f"`{results['command']}`" in page
    assert results["command"] == redraw.command_of(name)
    shares = results.get("shares")
    runs = (
        [one for share in shares for one in share["models"].values()] if shares else results["configurations"]
    )
    assert all(len(one["seeds"]) == redraw.STUDIES[name].seeds for one in runs)


@pytest.mark.parametrize("name", [name for name, study in redraw.STUDIES.items() if study.by_share])
def test_the_figure_is_drawn_from_the_results(name, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
    drawn = redraw.by_share.draw(kept(name)["shares"], tmp_path)
    assert (HERE / name / drawn.name).read_text("utf-8") == drawn.read_text("utf-8")
