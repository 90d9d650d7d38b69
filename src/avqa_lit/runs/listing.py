"""Runs and jobs of sweeps as their files tell them, also while they are being written."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.differences import flat_settings
from avqa_lit.artifacts.fit_progress import read_progress
from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import RunFolder, read_config, read_run
from avqa_lit.artifacts.run_tree import read_tree
from avqa_lit.artifacts.sweep_file import JobEntry
from avqa_lit.errors import DataError

GOES_ON = "the same command with resume=auto goes on"
SWEEP_GOES_ON = "its sweep is not running; the same command goes on"


@dataclass(frozen=True)
class ListedRun:
    """One run, or one job of a sweep.

    Attributes:
        folder: where its files are, or will be.
        experiment: name of the study.
        state: finished, running, waiting, failed, interrupted, diverged or unreadable.
        reason: why it is not finished or no result, or how far it is.
        config: resolved config; empty where it is not written yet.
        overrides: what was given on its command line.
        results: content of results.json; None where there is none, or none that can be read.
    """

    folder: RunFolder
    experiment: str
    state: str
    reason: str
    config: Mapping[str, Any]
    overrides: tuple[str, ...]
    results: Results | None

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Leaves of the config by dotted key, with the seed; the overrides where there is no config."""
        if not self.config:
            return dict(one.lstrip("+").split("=", 1) for one in self.overrides if "=" in one)
        seed = {"seed": self.config["seed"]} if "seed" in self.config else {}
        return flat_settings(self.config) | seed

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Values by their full name, a smoke run's as well; empty until it ends."""
        return {} if self.results is None else self.results.metrics

    def metric(self, name: str) -> float | None:
        """Value by its full name; None where the run has none, or is a smoke run without results."""
        return None if self.results is None else self.results.scores.get(name)

    @property
    def seconds(self) -> float | None:
        """How long it took; None until it ends."""
        return None if self.results is None else self.results.seconds.total

    @cached_property
    def when(self) -> float | None:
        """Time at which its newest file was written, in seconds since 1970; None where there is none."""
        files = (self.folder.results, *self.folder.logs, self.folder.config)
        times = [file.stat().st_mtime for file in files if file.exists()]
        return max(times, default=None)


@dataclass(frozen=True)
class Listing:
    """Everything found below a folder.

    Attributes:
        runs: in order of their folders, those of a sweep in the order of its grid.
        notes: what is not listed, and why.
    """

    runs: list[ListedRun]
    notes: list[str]


def list_runs(root: Path) -> Listing:
    """Runs and sweeps below `root`, to any depth.

    Raises:
        DataError: no such folder, or no run in it.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; runs lie in runs/ where the training command was started")
    tree = read_tree(root)
    running = {folder: RunFolder(folder).is_held() for folder in tree.sweeps}
    runs = [
        _of_folder(run.folder)
        if run.job is None or run.sweep is None
        else _of_job(run.job, run.folder, tree.sweeps[run.sweep].experiment, is_running=running[run.sweep])
        for run in tree.runs
    ]
    notes = [*map(str, tree.unreadable.values()), *tree.notes]
    if not (runs or notes):
        raise DataError(f"{root}: expected runs or sweeps at any depth, found none")
    return Listing(runs, notes)


def _of_job(job: JobEntry, run: RunFolder, experiment: str, *, is_running: bool) -> ListedRun:
    state, reason, results = _told(run)
    if state != "finished" and not job.finished:
        state, reason = job.state, job.reason or reason
        if state == "running":
            running = is_running or run.is_held()
            state, reason = ("running", _progress(run)) if running else ("interrupted", SWEEP_GOES_ON)
        elif state == "waiting":
            reason = "" if is_running else SWEEP_GOES_ON
    return ListedRun(run, experiment, state, reason, _config(run), job.overrides, results)


def _of_folder(run: RunFolder) -> ListedRun:
    state, reason, results = _told(run)
    config = _config(run)
    named, overrides = (None, ()) if results is None else (results.experiment, results.overrides)
    experiment = str(named or config.get("study") or "train")
    return ListedRun(run, experiment, state, reason, config, overrides, results)


def _told(run: RunFolder) -> tuple[str, str, Results | None]:
    """State, reason and results of a run by its own files."""
    if not run.results.exists():
        if run.is_held():
            return "running", _progress(run), None
        return "interrupted", f"ended without results.json; {GOES_ON}", None
    try:
        results = read_run(run.path).results
    except DataError as error:
        return "unreadable", str(error), None
    reason = results.reason or ""
    if not reason and results.smoke:
        reason = f"a smoke run ({', '.join(results.smoke)}), whose scores are no results"
    return results.state, reason, results


def _config(run: RunFolder) -> Mapping[str, Any]:
    """The config, or nothing where it is not there or not whole."""
    try:
        return read_config(run)
    except DataError:
        return {}


def _progress(run: RunFolder) -> str:
    """How far a running fit is."""
    progress = read_progress(run.timing, since=0, now=time.time())
    if progress is None:
        return "has not begun to train"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:,.0f} s left"
    return f"{progress.epoch} of {progress.epochs} epochs{left}"
