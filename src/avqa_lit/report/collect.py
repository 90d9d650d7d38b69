"""Finds the runs of folders: those that finished, and those that did not, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from avqa_lit.artifacts.differences import key_name, keys_of_some_versions, value_name
from avqa_lit.artifacts.run_folder import RunFolder, read_run
from avqa_lit.artifacts.run_tree import FoundRun, read_tree
from avqa_lit.artifacts.sweep_file import JobEntry, Sweep, sweep_path
from avqa_lit.errors import DataError
from avqa_lit.report.origin import TRAINING
from avqa_lit.report.result import Result, read_result
from avqa_lit.report.wording import place


@dataclass(frozen=True)
class Unfinished:
    """A job without a result: waiting, running, failed, interrupted, diverged, or with unreadable files.

    Attributes:
        reason: its first line says why; the end of the log may follow.
    """

    name: str
    state: str
    reason: str
    folder: Path
    log: Path | None


@dataclass
class Collection:
    """Everything found in the folders of one report.

    Attributes:
        results: finished runs, in the order of their sweep.
        smoke: folders of finished smoke runs, whose scores are no results.
        unfinished: the rest.
        sweeps: by their folder.
        notes: what was left out, and why.
    """

    results: list[Result] = field(default_factory=list)
    smoke: list[Path] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    sweeps: dict[Path, Sweep] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def collect(folders: Iterable[Path]) -> Collection:
    """Runs of all `folders`, searched to any depth; each run once.

    Raises:
        DataError: a folder that does not exist, holds no run, or holds a sweep.json that cannot be read.
    """
    found = Collection()
    seen: set[Path] = set()
    for folder in map(Path.resolve, folders):
        if not folder.is_dir():
            raise DataError(f"{folder}: expected a folder of runs; there is no such folder")
        tree = read_tree(folder)
        for error in tree.unreadable.values():
            raise error
        if not any(run.job or run.folder.results.exists() for run in tree.runs):
            raise DataError(
                f"{folder}: expected runs ({RunFolder(folder).results.name}) or sweeps "
                f"({sweep_path(folder).name}) at any depth; found "
                "none. Runs lie in runs/<experiment>/ where the training command was started"
            )
        found.sweeps |= tree.sweeps
        found.notes += [note for note in tree.notes if note not in found.notes]
        for run in tree.runs:
            path = run.folder.path.resolve()
            if path not in seen:
                _add(found, run)
            seen.add(path)
    found.sweeps = {
        folder: sweep
        for folder, sweep in found.sweeps.items()
        if not all((folder / job.folder).resolve() in found.smoke for job in sweep.present)
    }
    found.results = _comparable(found)
    found.results = _each_once(found)
    return found


def _add(found: Collection, run: FoundRun) -> None:
    if run.folder.results.exists():
        _add_run(found, run.folder.path.resolve(), job=run.job, sweep_folder=run.sweep)
    elif run.job is not None and run.sweep is not None:
        found.unfinished.append(_of_job(run.job, run.sweep))


def _of_job(job: JobEntry, sweep_folder: Path, *, state: str = "", reason: str = "") -> Unfinished:
    return Unfinished(
        name=" ".join(job.overrides) or job.key,
        state=state or job.state,
        reason=reason or job.reason or "no reason recorded",
        folder=(sweep_folder / job.folder).resolve(),
        log=sweep_folder / job.log if job.log else None,
    )


def _add_run(
    found: Collection, path: Path, *, job: JobEntry | None = None, sweep_folder: Path | None = None
) -> None:
    reason, name = "", path.name
    state: str = "unreadable"
    try:
        run = read_run(path)
        results = run.results
        if results.state == "finished" and results.smoke:
            found.smoke.append(path)
            return
        if results.state == "finished":
            found.results.append(read_result(run))
            return
        state, reason = results.state, results.reason or ""
        name = " ".join(results.overrides) or name
    except DataError as error:
        reason = str(error)
    if job is not None and sweep_folder is not None:
        found.unfinished.append(_of_job(job, sweep_folder, state=state, reason=reason))
    else:
        found.unfinished.append(Unfinished(name, state, reason or "no reason recorded", path, None))


def _comparable(found: Collection) -> list[Result]:
    """Without the keys that only some versions of the package know, so that these alone set no run apart."""
    trained = [one for one in found.results if one.origin == TRAINING]
    keys = keys_of_some_versions([(one.settings, one.run.results) for one in trained])
    if not keys:
        return found.results
    values = {key: one.settings[key] for one in trained for key in keys if key in one.settings}
    told = ", ".join(f"{key_name(key)} {value_name(values[key])}" for key in keys)
    found.notes.append(
        f"Different versions of avqa_lit made these runs, and some know no {told}; so these are not compared."
    )
    return [
        replace(one, settings={key: value for key, value in one.settings.items() if key not in keys})
        for one in found.results
    ]


def _each_once(found: Collection) -> list[Result]:
    """Without repetitions; what one repetition alone has, its attention, goes to the one that stays."""
    kept: dict[Sequence[str], Result] = {}
    # Trainings first: they have their accuracy on val, where a scoring of the same checkpoint has not.
    for result in sorted(found.results, key=lambda one: one.origin != TRAINING):
        twin = kept.setdefault(result.identity, result)
        if twin is result:
            continue
        found.notes.append(
            f"{place(result.folder)} repeats {place(twin.folder)} (same settings, seed and data): "
            "counted once."
        )
        if result.attention.is_file() and not twin.attention.is_file() and _same_marks(result, twin):
            kept[result.identity] = replace(twin, attention=result.attention)
    return list(kept.values())


def _same_marks(one: Result, other: Result) -> bool:
    if one.answers is None or other.answers is None:
        return False
    return one.answers.fingerprint == other.answers.fingerprint and bool(
        (one.answers.correct == other.answers.correct).all()
    )
