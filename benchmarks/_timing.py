"""Times of several ways to do the same, taken in turns."""

import time
from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 7


def interleaved(
    ways: Mapping[str, Callable[[], object]], *, clock: Callable[[], float], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Seconds of each way in each round; every round runs all ways, so that a slow moment hits them alike.

    Args:
        ways: what to time, by name; each runs once before, unmeasured.
        clock: `time.process_time` for what computes, `time.perf_counter` for what waits.
        rounds: measured turns.
    """
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = clock()
            way()
            seconds[name].append(clock() - began)
    return seconds


def speedups(seconds: Mapping[str, list[float]], *, reference: str) -> dict[str, dict[str, float]]:
    """How many times as fast as `reference` each other way is, round by round."""
    return {
        name: spread([slow / fast for slow, fast in zip(seconds[reference], own, strict=True)])
        for name, own in seconds.items()
        if name != reference
    }


def spread(values: list[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {
        "median": round(median(values), 3),
        "lowest": round(min(values), 3),
        "highest": round(max(values), 3),
    }


def rate(seconds: list[float], *, items: int) -> float:
    """Items a second, by the median."""
    return round(items / median(seconds), 1)


def cpu() -> float:
    """CPU time of this process."""
    return time.process_time()


def wall() -> float:
    """Time on the wall."""
    return time.perf_counter()
