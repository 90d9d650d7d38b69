"""The figures of docs/speed.md are those of benchmarks/results.json."""

import json
import re
from functools import reduce
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Of a row, its figure and, in the last column, where the results hold it.
ROW = re.compile(r"\| (?:\*\*)?([^|*]+?)(?:\*\*)? \| `([^`|]+)` \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "speed.md").read_text("utf-8"))


def figure(kept):
    if not isinstance(kept, dict):
        return f"{kept:,.3g}" if kept < 1000 else f"{kept:,.0f}"
    return f"{kept['median']:.3g} ({kept['lowest']:.3g} to {kept['highest']:.3g})"


@pytest.mark.parametrize(("shown", "place"), ROWS, ids=[place for _, place in ROWS])
def test_a_figure_is_what_was_measured(shown, place):
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))
    assert shown == figure(reduce(lambda found, key: found[key], place.split(" / "), results))


def test_every_benchmark_has_a_row():
    benchmarks = {path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py")}
    assert {place.split(" / ")[0] for _, place in ROWS} == benchmarks
