"""The list of runs for a person, and for a program."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from avqa_lit.artifacts.differences import key_name, value_name
from avqa_lit.runs.columns import ACCURACIES, value_of, varying_keys
from avqa_lit.runs.listing import ListedRun

COLORS = {"finished": "green", "running": "cyan", "waiting": "dim", "failed": "red", "unreadable": "red"}


def print_tables(runs: Sequence[ListedRun], *, root: Path, console: Console) -> None:
    """One table an experiment, with a column for each key in which its runs differ."""
    for experiment in dict.fromkeys(run.experiment for run in runs):
        own = [run for run in runs if run.experiment == experiment]
        console.print(_table(experiment, own, root))
        for run in own:
            if run.reason:
                first = run.reason.partition("\n")[0]
                console.print(Text(f"{_place(run, root)}: {run.state}, {first}"), soft_wrap=True)
        console.print()


def _table(experiment: str, runs: Sequence[ListedRun], root: Path) -> Table:
    keys = varying_keys(runs)
    states = Counter(run.state for run in runs)
    told = ", ".join(f"{number} {state}" for state, number in states.items())
    table = Table(title=f"{experiment}: {told}", title_justify="left", title_style="bold")
    table.add_column("run", overflow="fold")
    table.add_column("state", no_wrap=True)
    for key in keys:
        table.add_column(key_name(key), overflow="fold")
    for name in (*ACCURACIES, "seconds", "when"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            Text(_place(run, root)),
            Text(run.state, style=COLORS.get(run.state, "yellow")),
            *(Text(_setting(run, key)) for key in keys),
            *(_percent(value_of(run, name)) for name in ACCURACIES),
            "" if run.seconds is None else f"{run.seconds:,.0f}",
            "" if run.when is None else f"{datetime.fromtimestamp(run.when):%Y-%m-%d %H:%M}",
        )
    return table


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
            "metrics": run.results.get("metrics") or {},
        }
        for run in runs
    ]
    return json.dumps(objects, indent=1, ensure_ascii=False)


def as_csv(runs: Sequence[ListedRun], *, root: Path) -> str:
    """One line a run, with a column for each key in which the runs differ; accuracies are fractions."""
    keys = varying_keys(runs)
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["run", "experiment", "state", *keys, *ACCURACIES.values(), "seconds", "when", "reason"])
    for run in runs:
        accuracies = (run.metric(name) for name in ACCURACIES.values())
        values = [
            *(run.settings.get(key) for key in keys), *accuracies, run.seconds, _iso(run), run.reason or None
        ]  # fmt: skip
        cells = ["" if value is None else value for value in values]
        writer.writerow([_place(run, root), run.experiment, run.state, *cells])
    return target.getvalue()


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
