"""Which jobs a sweep has and how far each of them is: sweep.json."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.errors import DataError

SCHEMA = 1
STATES = ("waiting", "running", "finished", "failed", "interrupted", "skipped", "superseded")


@dataclass(frozen=True)
class JobEntry:
    """One job of a sweep.

    Attributes:
        key: names the job's config and its folder.
        overrides: what was given on the job's command line.
        state: one of `STATES`; skipped means finished by an earlier call.
        folder: the run's folder, relative to the sweep's.
        reason: why it is not finished, with the last lines of its log.
        log: what it wrote to stdout and stderr, relative to the sweep's folder.
    """

    key: str
    overrides: tuple[str, ...]
    state: str
    folder: str
    reason: str | None = None
    log: str | None = None

    @property
    def finished(self) -> bool:
        """Whether its results stand."""
        return self.state in ("finished", "skipped")


@dataclass(frozen=True)
class Sweep:
    """A sweep as its file tells it.

    Attributes:
        experiment: name of the study.
        command: the command line that started it last.
        jobs: jobs of the present grid, then superseded ones.
    """

    experiment: str
    command: str
    jobs: tuple[JobEntry, ...]

    @property
    def present(self) -> tuple[JobEntry, ...]:
        """Jobs of the present grid; no other counts."""
        return tuple(job for job in self.jobs if job.state != "superseded")

    def superseding(self, earlier: "Sweep | None") -> "Sweep":
        """The same sweep, with jobs that only an earlier grid has at the end as superseded."""
        if earlier is None:
            return self
        keys = {job.key for job in self.jobs}
        older = tuple(replace(job, state="superseded") for job in earlier.jobs if job.key not in keys)
        return replace(self, jobs=self.jobs + older)


def sweep_path(folder: Path) -> Path:
    """File of the sweep whose folder is `folder`."""
    return folder / "sweep.json"


def write_sweep(folder: Path, sweep: Sweep) -> None:
    """Write sweep.json into `folder`, whole or not at all."""
    write_json(sweep_path(folder), {"schema": SCHEMA, **asdict(sweep)})


def read_sweep(folder: Path) -> Sweep:
    """The sweep whose folder is `folder`.

    Raises:
        DataError: no sweep.json there, or one that cannot be a sweep's: by schema, keys or states.
    """
    path = sweep_path(folder)
    if not path.is_file():
        raise DataError(f"{folder}: expected the folder of a sweep, which holds sweep.json; found none")
    try:
        written = json.loads(path.read_text("utf-8"))
        if written["schema"] != SCHEMA:
            raise DataError(f"{path}: schema {written['schema']!r}, expected {SCHEMA}")
        jobs = tuple(JobEntry(**{**job, "overrides": tuple(job["overrides"])}) for job in written["jobs"])
        sweep = Sweep(written["experiment"], written["command"], jobs)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the file of a sweep ({error!r}); delete it and start the sweep again"
        ) from error
    for job in sweep.jobs:
        if job.state not in STATES:
            raise DataError(
                f"{path}: job {job.key} has state {job.state!r}, expected one of {', '.join(STATES)}"
            )
    return sweep
