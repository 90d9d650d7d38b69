"""How probable a difference is by chance, also for several differences at once."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def two_sided_p(means: Float[np.ndarray, " resample"]) -> float:
    """Two-sided p-value that a mean is zero: twice the smaller share of its resampled means beyond zero.

    Example:
        >>> two_sided_p(np.array([0.1, 0.2, -0.1]))
        1.0
    """
    below, above = ((means <= 0).sum() + 1, (means >= 0).sum() + 1)
    return min(1.0, 2 * int(min(below, above)) / (len(means) + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    r"""Adjusted p-values that keep the chance of any false finding at the level.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) \, p_{(j)})

    References:
        A simple sequentially rejective multiple test procedure (Holm, 1979),
        https://www.jstor.org/stable/4615733

    Example:
        >>> holm([0.25, 0.01, 0.04])
        [0.25, 0.03, 0.08]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
