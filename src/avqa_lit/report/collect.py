"""Finds the runs of folders: those that finished, and those that did not, with the reason."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.errors import DataError
from avqa_lit.report.result import Result, read_result

SWEEP_FILE = "sweep.json"
RESULTS_FILE = "results.json"
SCHEMA = 1


@dataclass(frozen=True)
class Unfinished:
    """A job without a result: waiting, running, failed, interrupted, or with files that cannot be read."""

    name: str
    state: str
    reason: str
    folder: Path
    log: Path | None


@dataclass(frozen=True)
class Sweep:
    """What a sweep.json says."""

    folder: Path
    experiment: str
    command: str
    jobs: tuple[dict[str, Any], ...]


@dataclass
class Collection:
    """Everything found in the folders of one report.

    Attributes:
        results: finished runs, in the order of their sweep.
        unfinished: the rest.
        sweeps: commands that made them.
        notes: what was left out, and why.
    """

    results: list[Result] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    sweeps: list[Sweep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(folders: Iterable[Path]) -> Collection:
    """Runs of all `folders`, searched to any depth; each run once.

    Raises:
        DataError: a folder that does not exist, holds no run, or holds a sweep.json that cannot be read.
    """
    found = Collection()
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: expected a folder of runs; there is no such folder")
        before = len(seen)
        for sweep in map(read_sweep, sorted(folder.rglob(SWEEP_FILE))):
            _add_sweep(found, sweep, seen)
        for path in sorted(path.parent for path in folder.rglob(RESULTS_FILE)):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                _add_run(found, path, name=path.name, job={})
        if len(seen) == before and not _known(folder, seen):
            raise DataError(
                f"{folder}: expected runs (results.json) or sweeps (sweep.json) at any depth; found none. "
                "Runs lie in runs/<experiment>/ where the training command was started"
            )
    found.results = list(_each_once(found))
    return found


def _known(folder: Path, seen: set[Path]) -> bool:
    return any(path.is_relative_to(folder.resolve()) for path in seen)


def read_sweep(path: Path) -> Sweep:
    """What a sweep.json says.

    Raises:
        DataError: not a JSON object of the known schema.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["schema"] != SCHEMA:
            raise DataError(f"{path}: schema {value['schema']!r}, expected {SCHEMA}")
        command = value["command"]
        return Sweep(
            folder=path.parent,
            experiment=str(value["experiment"]),
            command=command if isinstance(command, str) else " ".join(command),
            jobs=tuple(value["jobs"]),
        )
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the file of a sweep ({error!r}); run the sweep's command again"
        ) from error


def _add_sweep(found: Collection, sweep: Sweep, seen: set[Path]) -> None:
    if sweep.folder.resolve() in {one.folder.resolve() for one in found.sweeps}:
        return
    found.sweeps.append(sweep)
    superseded = 0
    for job in sweep.jobs:
        folder = sweep.folder / job["folder"]
        seen.add(folder.resolve())
        if job["state"] == "superseded":
            superseded += 1
        elif (folder / RESULTS_FILE).is_file():
            _add_run(found, folder, name=job_name(job), job=job)
        else:
            found.unfinished.append(_unfinished(folder, job_name(job), job["state"], job))
    if superseded:
        found.notes.append(
            f"{superseded} run{'s' * (superseded > 1)} of an earlier grid in {sweep.folder} left out: "
            "sweep.json counts them as superseded."
        )


def job_name(job: dict[str, Any]) -> str:
    """Overrides that make a job, or its key where there are none."""
    return " ".join(job.get("overrides", ())) or str(job.get("key", ""))


def _unfinished(folder: Path, name: str, state: str, job: dict[str, Any], reason: str = "") -> Unfinished:
    log = job.get("log")
    return Unfinished(
        name=name,
        state=state,
        reason=reason or job.get("reason") or "no reason recorded",
        folder=folder,
        log=folder.parent / log if log else None,
    )


def _add_run(found: Collection, folder: Path, *, name: str, job: dict[str, Any]) -> None:
    try:
        run = read_run(folder)
        if run.results.get("state") == "finished":
            found.results.append(read_result(run))
        else:
            state = str(run.results.get("state", "without a state"))
            own = " ".join(run.results.get("overrides", ())) or name
            found.unfinished.append(
                _unfinished(folder, own, state, job, str(run.results.get("reason") or ""))
            )
    except (DataError, yaml.YAMLError, UnicodeDecodeError) as error:
        found.unfinished.append(_unfinished(folder, name, "unreadable", job, str(error)))


def _each_once(found: Collection) -> Iterator[Result]:
    first: dict[Sequence[str], Result] = {}
    for result in found.results:
        twin = first.setdefault(result.identity, result)
        if twin is result:
            yield result
        else:
            found.notes.append(
                f"{result.folder} repeats {twin.folder} (same settings, seed and data): counted once."
            )
