"""Parts of a result that lie on different processes, brought together."""

from typing import TypeVar

from torch import distributed as dist

Part = TypeVar("Part")


def gathered(parts: list[Part]) -> list[Part]:
    """The parts of all processes, on every process; those of this one where it is alone."""
    if not (dist.is_available() and dist.is_initialized()):
        return parts
    everyone: list[list[Part]] = [[] for _ in range(dist.get_world_size())]
    dist.all_gather_object(everyone, parts)
    return [part for process in everyone for part in process]
