"""The list of runs for a person, and for a program."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from rich.text import Text

from avqa_lit.artifacts.csv_text import csv_text
from avqa_lit.artifacts.differences import key_name, value_name
from avqa_lit.console import PlainConsole, visible
from avqa_lit.runs.columns import ACCURACIES, value_of, varying_keys
from avqa_lit.runs.fitting import Column, fitting, table_of
from avqa_lit.runs.listing import ListedRun

COLORS = {
    "finished": "green", "running": "cyan", "waiting": "dim", "failed": "red", "unreadable": "red",
    "diverged": "magenta",
}  # fmt: skip
# Which columns go last where a terminal has no room for all; keys take the place of "keys" together.
WORTH = {"run": 7, "state": 6, "test": 5, "keys": 4, "val": 3, "when": 2, "seconds": 1}


def print_tables(runs: Sequence[ListedRun], *, root: Path, console: PlainConsole) -> None:
    """One table an experiment, with a column for each key in which its runs differ.

    Columns that the console has no room for are left out and named below the table.
    """
    for experiment in dict.fromkeys(run.experiment for run in runs):
        own = [run for run in runs if run.experiment == experiment]
        states = Counter(run.state for run in own)
        told = ", ".join(f"{number} {state}" for state, number in states.items())
        console.print(f"{experiment}: {told}", style="bold", soft_wrap=True)
        columns = _columns(own, root)
        shown = fitting(columns, width=console.width)
        console.print(table_of(shown))
        left_out = [column.head for column in columns if column not in shown]
        if left_out:
            console.print(
                f"no room for {', '.join(left_out)}: use a wider terminal, --csv or --json", soft_wrap=True
            )
        for run in own:
            if run.reason:
                first = run.reason.partition("\n")[0]
                console.print(f"{_place(run, root)}: {run.state}, {first}", soft_wrap=True)
        console.print()


def _columns(runs: Sequence[ListedRun], root: Path) -> list[Column]:
    """All columns of a table; those of the keys come before the numbers, and go after them for want of room.

    Of two keys, the one that more runs have is worth more, then the one that comes first in the config.
    """
    keys = varying_keys(runs)
    having = {key: sum(key in run.settings for run in runs) for key in keys}
    ranked = sorted(keys, key=lambda key: having[key], reverse=True)
    states = tuple(Text(visible(run.state), style=COLORS.get(run.state, "yellow")) for run in runs)
    return [
        Column("run", _texts(_place(run, root) for run in runs), worth=WORTH["run"], is_name=True),
        Column("state", states, worth=WORTH["state"]),
        *(
            Column(
                key_name(key),
                _texts(_setting(run, key) for run in runs),
                worth=WORTH["keys"] - ranked.index(key) / len(ranked),
            )
            for key in keys
        ),
        *(
            Column(name, _texts(_number(run, name) for run in runs), worth=WORTH[name], is_number=True)
            for name in (*ACCURACIES, "seconds", "when")
        ),
    ]


def _texts(cells: Iterable[str]) -> tuple[Text, ...]:
    return tuple(Text(visible(cell)) for cell in cells)


def _number(run: ListedRun, name: str) -> str:
    if name in ACCURACIES:
        return _percent(value_of(run, name))
    if name == "seconds":
        return "" if run.seconds is None else f"{run.seconds:,.0f}"
    return "" if run.when is None else f"{datetime.fromtimestamp(run.when):%Y-%m-%d %H:%M}"


def as_json(runs: Sequence[ListedRun], *, root: Path) -> str:
    """A list of objects; settings are those in which the runs differ."""
    keys = varying_keys(runs)
    objects = [
        {
            "run": _place(run, root),
            "experiment": run.experiment,
            "state": run.state,
            "reason": run.reason or None,
            "when": _iso(run),
            "seconds": run.seconds,
            "settings": {key: run.settings[key] for key in keys if key in run.settings},
            "overrides": list(run.overrides),
            "metrics": dict(run.metrics),
        }
        for run in runs
    ]
    return json.dumps(objects, indent=1)


def as_csv(runs: Sequence[ListedRun], *, root: Path) -> str:
    """One line a run, with a column for each key in which the runs differ; accuracies are fractions."""
    keys = varying_keys(runs)
    rows: list[list[object]] = [
        ["run", "experiment", "state", *keys, *ACCURACIES.values(), "seconds", "when", "reason"]
    ]
    for run in runs:
        settings = (run.settings.get(key) for key in keys)
        accuracies = (run.metric(name) for name in ACCURACIES.values())
        about = (run.seconds, _iso(run), run.reason or None)
        rows.append([_place(run, root), run.experiment, run.state, *settings, *accuracies, *about])
    return csv_text(rows)


def _place(run: ListedRun, root: Path) -> str:
    return os.path.relpath(run.folder.path, root)


def _setting(run: ListedRun, key: str) -> str:
    return value_name(run.settings[key]) if key in run.settings else ""


def _percent(accuracy: float | None) -> str:
    return "" if accuracy is None else f"{100 * accuracy:.2f}"


def _iso(run: ListedRun) -> str | None:
    return (
        None if run.when is None else datetime.fromtimestamp(run.when).astimezone().isoformat("T", "seconds")
    )
