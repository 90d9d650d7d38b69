"""What is known of a run under a name: for a column, a filter or an order."""

import difflib
from collections.abc import Sequence
from typing import Any

from avqa_lit.artifacts.differences import (
    canonical,
    differing_keys,
    is_number,
    key_name,
    keys_of_some_versions,
    value_name,
)
from avqa_lit.errors import ConfigError
from avqa_lit.runs.listing import ListedRun

ACCURACIES = {"val": "val/acc/overall", "test": "test/acc/overall"}
GIVEN = "predictions"  # the file, where another program answered
BESIDE = (GIVEN, "seed")
FACTS = ("state", "experiment", "seconds", "when", "folder", *ACCURACIES)


def varying_keys(runs: Sequence[ListedRun]) -> list[str]:
    """Config keys in which the runs differ, the seed among them; given answers have no model to differ in."""
    known = [run.settings for run in runs if run.config] or [run.settings for run in runs]
    beside = [key for key in BESIDE if len({canonical(one.get(key)) for one in known}) > 1]
    of_versions = keys_of_some_versions([(run.settings, run.results) for run in runs if run.config])
    apart = {*BESIDE, *of_versions}
    models = [{key: one[key] for key in one if key not in apart} for one in known if GIVEN not in one]
    return [*differing_keys(models), *beside]


def value_of(run: ListedRun, name: str) -> Any:
    """Value by the name of a fact, a config key or a metric; None where the run has none."""
    if name in ACCURACIES:
        return run.metric(ACCURACIES[name])
    if name == "folder":
        return str(run.folder.path)
    if name in FACTS:
        return getattr(run, name)
    return run.settings[name] if name in run.settings else run.metric(name)


def full_name(name: str, runs: Sequence[ListedRun]) -> str:
    """The name that `value_of` knows: as it is, as a table shows it, or the end of one config key.

    Raises:
        ConfigError: none of the runs has it, or several keys end in it.
    """
    keys = {key for run in runs for key in run.settings}
    metrics = {metric for run in runs for metric in run.metrics}
    if name in FACTS or name in keys or name in metrics:
        return name
    found = sorted({key for key in keys if key_name(key) == name or key.endswith(f".{name}")})
    if len(found) > 1:
        raise ConfigError(f"{name}: means any of {', '.join(found)}; say which")
    if not found:
        known = [*FACTS, *keys, *(key.rpartition(".")[2] for key in sorted(keys)), *metrics]
        near = difflib.get_close_matches(name, known, n=1)
        hint = (
            f"did you mean {near[0]}?" if near else f"expected {', '.join(FACTS)}, a config key or a metric"
        )
        raise ConfigError(f"{name}: no run has it; {hint}")
    return found[0]


def filtered(runs: Sequence[ListedRun], wanted: str) -> list[ListedRun]:
    """Runs with ``name=value``.

    Raises:
        ConfigError: `wanted` is not of this form, or no run knows the name.
    """
    name, equals, text = wanted.partition("=")
    if not equals:
        raise ConfigError(f"--filter {wanted}: expected KEY=VALUE, such as state=failed or model.norm=pre")
    key = full_name(name, runs)
    return [run for run in runs if _is(value_of(run, key), text)]


def ordered(runs: Sequence[ListedRun], name: str, *, reverse: bool) -> list[ListedRun]:
    """Runs by a value, numbers as numbers; those without it come last in either direction."""
    key = full_name(name, runs)
    known = [run for run in runs if value_of(run, key) is not None]
    numeric = all(is_number(value_of(run, key)) for run in known)
    known.sort(
        key=lambda run: value_of(run, key) if numeric else canonical(value_of(run, key)), reverse=reverse
    )
    return known + [run for run in runs if value_of(run, key) is None]


def _is(value: Any, text: str) -> bool:
    if is_number(value):
        try:
            return bool(float(text) == value)
        except ValueError:
            return False
    return text in (value_name(value), canonical(value), str(value))
