"""The runs and sweeps below a folder, to any depth."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.superseded import is_superseded
from avqa_lit.artifacts.sweep_file import JobEntry, Sweep, read_sweep, sweep_path
from avqa_lit.errors import DataError


@dataclass(frozen=True)
class FoundRun:
    """A folder that a run writes or wrote to, or a job of a sweep that has none yet.

    Attributes:
        folder: the run's.
        sweep: folder of the sweep that it is a job of; None for a single run.
        job: what the sweep says of it; None for a single run.
    """

    folder: RunFolder
    sweep: Path | None = None
    job: JobEntry | None = None


@dataclass
class RunTree:
    """Everything found below a folder.

    Attributes:
        runs: in order of their folders, those of a sweep in the order of its grid; of a sweep, the present
            jobs alone.
        sweeps: by their folder.
        superseded: number of folders that made room for another run, by the folder that they lie in; what
            they hold is left out.
        unreadable: for each folder whose sweep.json cannot be read, why; its runs count as single ones.
    """

    runs: list[FoundRun] = field(default_factory=list)
    sweeps: dict[Path, Sweep] = field(default_factory=dict)
    superseded: dict[Path, int] = field(default_factory=dict)
    unreadable: dict[Path, DataError] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """Which jobs of the sweeps and which folders are left out."""
        jobs = [
            f"{folder}: jobs of an earlier grid are superseded and left out ({older})."
            for folder, sweep in self.sweeps.items()
            if (older := len(sweep.jobs) - len(sweep.present))
        ]
        folders = [
            f"{folder}: folders that made room for another run are left out ({count})."
            for folder, count in self.superseded.items()
        ]
        return jobs + folders


def read_tree(root: Path) -> RunTree:
    """Runs and sweeps in `root` and in its folders; what lies inside the folder of a run is its own."""
    tree = RunTree()
    jobs: set[Path] = set()
    for name, folders, files in os.walk(root):
        folder = Path(name)
        superseded = {name for name in folders if is_superseded(Path(name))}
        if superseded:
            tree.superseded[folder] = len(superseded)
        folders[:] = sorted(set(folders) - superseded)
        if sweep_path(folder).name in files:
            jobs |= _add_sweep(tree, folder)
        run = RunFolder(folder)
        if run.results.name in files or {run.lock.name, run.config.name} <= set(files):
            folders.clear()  # W&B's own files lie deeper
            if folder.resolve() not in jobs:
                tree.runs.append(FoundRun(run))
    return tree


def _add_sweep(tree: RunTree, folder: Path) -> set[Path]:
    """Add the present jobs of a sweep; folders of all its jobs, superseded ones among them."""
    try:
        sweep = read_sweep(folder)
    except DataError as error:
        tree.unreadable[folder] = error
        return set()
    tree.sweeps[folder] = sweep
    tree.runs += [FoundRun(RunFolder(folder / job.folder), folder, job) for job in sweep.present]
    return {(folder / job.folder).resolve() for job in sweep.jobs}
