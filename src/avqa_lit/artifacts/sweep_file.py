"""Which jobs a sweep has and how far each of them is: sweep.json."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.artifacts.json_files import read_json, typed
from avqa_lit.errors import DataError

SCHEMA = 1
REMEDY = "delete it and start the sweep again"
STATES = ("waiting", "running", "finished", "failed", "interrupted", "diverged", "skipped", "superseded")


def _known(state: str) -> str:
    if state not in STATES:
        raise ValueError(f"expected one of {', '.join(STATES)}")
    return state


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError("expected a path inside the folder of the sweep")
    if any(len(os.fsencode(part)) > 255 for part in parts) or len(parts) > 32:
        raise ValueError("expected a path that a file can have")
    return path


State = Annotated[str, AfterValidator(_known)]
RelativePath = Annotated[str, AfterValidator(_inside)]


@dataclass(frozen=True)
class JobEntry:
    """One job of a sweep.

    Attributes:
        key: names the job's config and its folder.
        overrides: what was given on the job's command line.
        state: one of `STATES`; skipped means finished by an earlier call, diverged that its losses or weights
            were not finite any more, in this call or an earlier one.
        folder: the run's folder, relative to the sweep's.
        reason: why it is not finished, with the last lines of its log.
        log: what it wrote to stdout and stderr, relative to the sweep's folder.
    """

    key: str
    overrides: tuple[str, ...]
    state: State
    folder: RelativePath
    reason: str | None = None
    log: RelativePath | None = None

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


_OBJECT = TypeAdapter(dict[str, Any])
_SWEEP = TypeAdapter(Sweep)


def sweep_path(folder: Path) -> Path:
    """File of the sweep whose folder is `folder`."""
    return folder / "sweep.json"


def write_sweep(folder: Path, sweep: Sweep) -> None:
    """Write sweep.json into `folder`, whole or not at all."""
    write_json(sweep_path(folder), {"schema": SCHEMA, **asdict(sweep)})


def read_sweep(folder: Path) -> Sweep:
    """The sweep whose folder is `folder`.

    Raises:
        DataError: no sweep.json there, one of another schema, or one with an entry of the wrong type.
    """
    path = sweep_path(folder)
    if not path.exists():
        raise DataError(f"{folder}: expected the folder of a sweep, which holds sweep.json; found none")
    content = typed(read_json(path, remedy=REMEDY), _OBJECT, where=str(path), remedy=REMEDY)
    if content.get("schema") != SCHEMA:
        raise DataError(f"{path}: schema {content.get('schema')!r}, expected {SCHEMA}; {REMEDY}")
    return typed(content, _SWEEP, where=str(path), remedy=REMEDY)
