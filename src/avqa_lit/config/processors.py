"""How many processors this process may use, and what sets that number.

The number of a machine is seldom the right one: a container has a quota, a scheduler binds a job to some
processors, and users state limits in environment variables. The least of them counts.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path("/")


@dataclass(frozen=True)
class Processors:
    """A number of processors.

    Attributes:
        count: whole processors, at least one.
        reason: what sets the number, as a clause: "the container's quota is 2 processors".
    """

    count: int
    reason: str


def usable_processors(
    environment: Mapping[str, str] = os.environ, *, root: Path = ROOT, affinity: int | None = None
) -> Processors:
    """The least of the processors that this process may run on, its quota and what SLURM granted a task.

    Args:
        environment: variables of the process.
        root: folder that holds ``proc`` and ``sys``.
        affinity: processors that the process may run on; None asks the system.
    """
    limits = [_affinity() if affinity is None else _bound(affinity), *_quotas(root)]
    granted = _number(environment, "SLURM_CPUS_PER_TASK")
    if granted is not None:
        limits.append(Processors(granted, f"SLURM_CPUS_PER_TASK={granted}"))
    return min(limits, key=lambda limit: limit.count)


def usable_threads(
    processes: int,
    environment: Mapping[str, str] = os.environ,
    *,
    root: Path = ROOT,
    affinity: int | None = None,
) -> Processors:
    """Threads for each of several processes of a run: its share of the processors, or OMP_NUM_THREADS.

    What SLURM grants to a task is shared only by processes of one task, not where each of them is a task.

    Args:
        processes: processes of the run on this machine.
        environment: variables of the process.
        root: folder that holds ``proc`` and ``sys``.
        affinity: processors that the process may run on; None asks the system.
    """
    limit = usable_processors(environment, root=root, affinity=affinity)
    is_task = "SLURM_CPUS_PER_TASK" in environment and (_number(environment, "SLURM_NTASKS") or 1) > 1
    if processes > 1 and not is_task:
        limit = Processors(
            max(1, limit.count // processes), f"{limit.reason}, shared by {processes} processes"
        )
    stated = _number(environment, "OMP_NUM_THREADS")
    if stated is not None and stated < limit.count:
        return Processors(stated, f"OMP_NUM_THREADS={stated}")
    return limit


def _affinity() -> Processors:
    installed = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else installed
    if usable < installed:
        return _bound(usable)
    return Processors(usable, f"the machine has {_processors(usable)}")


def _bound(count: int) -> Processors:
    return Processors(count, f"this process may run on {_processors(count)}")


def _quotas(root: Path) -> Iterator[Processors]:
    """Every CPU quota of the control groups that hold this process."""
    for version, folder, mount in _groups(root):
        while True:
            quota = _quota(folder, version)
            if quota is not None:
                yield Processors(max(1, int(quota)), f"the container's quota is {_processors(quota)}")
            if folder == mount or mount not in folder.parents:
                break
            folder = folder.parent


def _groups(root: Path) -> Iterator[tuple[int, Path, Path]]:
    """Version and folder of each control group of this process that limits processors, and its mount."""
    mounts = list(_mounts(root))
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        version = 1 if controllers else 2
        if version == 1 and "cpu" not in controllers.split(","):
            continue
        for mounted_version, base, place in mounts:
            if mounted_version == version:
                mount = root / place.relative_to("/")
                inside = PurePosixPath(group)
                # Without a namespace of its own, a container mounts its group as the root of the hierarchy.
                below = inside.relative_to(base) if inside.is_relative_to(base) else PurePosixPath()
                folder = mount if ".." in below.parts else mount / below
                yield version, folder, mount


def _mounts(root: Path) -> Iterator[tuple[int, PurePosixPath, PurePosixPath]]:
    """Version, group and place of each mounted hierarchy of control groups that may limit processors."""
    for line in _lines(root / "proc/self/mountinfo"):
        about, _, rest = line.partition(" - ")
        base, place = about.split()[3:5]
        kind, _, options = rest.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "cpu" in options.split(",")):
            yield 2 if kind == "cgroup2" else 1, PurePosixPath(base), PurePosixPath(place)


def _quota(folder: Path, version: int) -> float | None:
    """Processors that a control group may fill; None where it is not limited."""
    if version == 2:
        words = " ".join(_lines(folder / "cpu.max")).split()
    else:
        words = [word for name in ("quota", "period") for word in _lines(folder / f"cpu.cfs_{name}_us")]
    try:
        quota, period = map(int, words)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", errors="replace").splitlines()
    except OSError:  # another system than Linux, or a hierarchy that is hidden
        return []


def _number(environment: Mapping[str, str], name: str) -> int | None:
    """The number that a variable states, for OpenMP that of the outermost level; None where it has none."""
    text = environment.get(name, "").split(",")[0].strip()
    return int(text) if re.fullmatch("0*[1-9][0-9]{0,6}", text, re.ASCII) else None


def _processors(count: float) -> str:
    return f"{count:g} processor" + ("" if count == 1 else "s")
