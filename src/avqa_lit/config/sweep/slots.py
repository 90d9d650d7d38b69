"""How many jobs fit on this machine at once, and which GPUs each of them gets."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avqa_lit.config.processors import Processors
from avqa_lit.errors import ConfigError


@dataclass(frozen=True)
class Need:
    """What one job occupies while it runs."""

    cores: int
    gpus: int


@dataclass(frozen=True)
class Lease:
    """What a running job holds: its need, and the GPUs that no other job sees meanwhile."""

    need: Need
    gpus: tuple[str, ...]


class Slots:
    """Cores and GPUs of this machine, handed out to jobs and taken back.

    Args:
        processors: what jobs may fill together; None is no limit.
        gpus: ids as in CUDA_VISIBLE_DEVICES.
        n_jobs: most jobs at once; None leaves it to processors and GPUs.
    """

    def __init__(self, *, processors: Processors | None, gpus: Sequence[str], n_jobs: int | None) -> None:
        self.processors = processors
        self.n_jobs = n_jobs
        self._free_gpus = list(gpus)
        self._leases: list[Lease] = []

    def lease(self, need: Need) -> Lease | None:
        """Room for one more job, or None while there is none.

        A job that needs more cores than the machine has runs alone.
        """
        if self._obstacle(need) is not None:
            return None
        gpus = tuple(self._free_gpus[: need.gpus])
        del self._free_gpus[: need.gpus]
        lease = Lease(need, gpus)
        self._leases.append(lease)
        return lease

    def release(self, lease: Lease) -> None:
        """Take back what a job held."""
        self._leases.remove(lease)
        self._free_gpus.extend(lease.gpus)

    def outlook(self, needs: Sequence[Need]) -> str:
        """How many of some jobs fit at once, in their order, and what the limit is.

        Example:
            >>> slots = Slots(processors=Processors(2, "the machine has 2 processors"), gpus=[], n_jobs=None)
            >>> slots.outlook([Need(1, 0), Need(1, 0), Need(1, 0)])
            '2 jobs at once: the machine has 2 processors'
        """
        leases, obstacle = [], None
        for need in needs:
            obstacle = self._obstacle(need)
            lease = self.lease(need)
            if lease is None:
                break
            leases.append(lease)
        for lease in leases:
            self.release(lease)
        jobs = f"{len(leases)} job" + ("" if len(leases) == 1 else "s")
        return f"{jobs} at once" + ("" if obstacle is None else f": {obstacle}")

    def _obstacle(self, need: Need) -> str | None:
        """Why there is no room for one more job; None where there is."""
        if need.gpus > len(self._free_gpus):
            total = len(self._free_gpus) + sum(len(lease.gpus) for lease in self._leases)
            return f"the sweep has {total} GPU" + ("" if total == 1 else "s")
        if not self._leases:
            return None
        if self.n_jobs is not None:
            return f"hydra.launcher.n_jobs={self.n_jobs}" if len(self._leases) >= self.n_jobs else None
        filled = sum(lease.need.cores for lease in self._leases) + need.cores
        if self.processors is None or filled <= self.processors.count:
            return None
        fills = f", and each job fills {need.cores}" if need.cores > 1 else ""
        return self.processors.reason + fills


def need_of(trainer: Mapping[str, Any], *, gpus: Sequence[str]) -> Need:
    """What a job with this trainer config occupies, given the pool of GPUs.

    Raises:
        ConfigError: GPUs chosen by index, or more of them than the pool has.

    Example:
        >>> need_of({"accelerator": "cpu", "devices": 2, "threads": 3}, gpus=["0"])
        Need(cores=6, gpus=0)
        >>> need_of({"accelerator": "auto", "devices": -1}, gpus=["0", "1"])
        Need(cores=0, gpus=2)
    """
    devices = trainer.get("devices", 1)
    if not uses_gpus(trainer, gpus=gpus):
        processes = 1 if devices == "auto" else int(devices)
        threads = trainer.get("threads")
        return Need(cores=processes * (threads if isinstance(threads, int) else 1), gpus=0)
    if not isinstance(devices, int) and devices not in ("auto", "-1"):
        raise ConfigError(
            f"trainer.devices={devices}: a sweep gives each job its own GPUs, so it expects their number; "
            "name the GPUs of the whole sweep with hydra.launcher.gpus=[...]"
        )
    count = len(gpus) if devices in ("auto", "-1", -1) else int(devices)
    if count > len(gpus) or count == 0:
        raise ConfigError(
            f"trainer.devices={devices}: the sweep has {len(gpus)} GPUs ({', '.join(gpus) or 'none'}); ask "
            "for fewer, name more with hydra.launcher.gpus=[...], or give trainer.accelerator=cpu"
        )
    return Need(cores=0, gpus=count)


def uses_gpus(trainer: Mapping[str, Any], *, gpus: Sequence[str]) -> bool:
    """Whether a job with this trainer config runs on GPUs, given the pool of them."""
    accelerator = trainer.get("accelerator", "auto")
    return accelerator in ("gpu", "cuda") or (accelerator == "auto" and len(gpus) > 0)


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """Ids of the GPUs that this process may use; asks nvidia-smi, so that torch need not be imported."""
    listed = environment.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        ids = [one.strip() for one in listed.split(",")]
        return [one for one in ids if one not in ("", "-1")]
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []  # no driver, no GPUs
    return answer.stdout.split()
