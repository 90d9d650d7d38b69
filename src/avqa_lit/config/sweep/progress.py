"""How long the rest of a sweep will take."""

from collections.abc import Sequence


def time_left(
    *, ended: Sequence[float], running: Sequence[tuple[float, float | None]], waiting: int
) -> float | None:
    """Seconds until a sweep ends, None while nothing is known.

    Args:
        ended: how long each finished job took.
        running: seconds since the start of each running job, and seconds left if known.
        waiting: number of jobs not started yet.

    Example:
        >>> time_left(ended=[10.0], running=[(4.0, None), (5.0, 7.0)], waiting=2)
        16.5
    """
    totals = list(ended) or [since + left for since, left in running if left is not None]
    if not totals:
        return None
    mean = sum(totals) / len(totals)
    lefts = [max(0.0, mean - since) if left is None else left for since, left in running]
    spread = (sum(lefts) + waiting * mean) / max(1, len(running))
    return max(spread, *lefts, 0.0)
