"""95% intervals of an accuracy and of a difference between two accuracies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

COVERAGE = 0.95
Z = 1.959963984540054  # the standard normal's quantile at 0.975


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds that hold the truth in 95 of 100 repetitions."""

    estimate: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 where the whole interval lies on that side of zero, 0 where it holds zero."""
        return (self.low > 0) - (self.high < 0)

    @property
    def half_width(self) -> float:
        """Half of the distance between the bounds."""
        return (self.high - self.low) / 2


def wilson(correct: float, total: int) -> Interval:
    r"""Wilson's score interval of a proportion.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    References:
        Probable inference, the law of succession, and statistical inference (Wilson, 1927),
        https://doi.org/10.1080/01621459.1927.10502953

    Args:
        correct: successes; a mean over seeds need not be whole.
        total: trials, at least one.

    Example:
        >>> interval = wilson(8, 10)
        >>> round(interval.low, 3), round(interval.high, 3)
        (0.49, 0.943)
    """
    share, scale = correct / total, Z**2 / total
    centre = (share + scale / 2) / (1 + scale)
    spread = Z * math.sqrt(max(share * (1 - share), 0) / total + scale / (4 * total)) / (1 + scale)
    return Interval(share, centre - spread, centre + spread)


def newcombe(left: Interval, right: Interval) -> Interval:
    r"""Interval of the difference of two proportions from their Wilson intervals, as if independent.

    .. math:: d - \sqrt{(p_1 - l_1)^2 + (u_2 - p_2)^2},\quad d + \sqrt{(u_1 - p_1)^2 + (p_2 - l_2)^2}

    Two systems that answer the same questions tend to be right together; for them it is wider than need be.

    References:
        Interval estimation for the difference between independent proportions: comparison of eleven methods
        (Newcombe, 1998), method 10, https://pubmed.ncbi.nlm.nih.gov/9595617/
    """
    difference = left.estimate - right.estimate
    below = math.hypot(left.estimate - left.low, right.high - right.estimate)
    above = math.hypot(left.high - left.estimate, right.estimate - right.low)
    return Interval(difference, difference - below, difference + above)


def bootstrap_mean(
    values: Float[np.ndarray, " question"], *, seed: int = 0, resamples: int = 10_000
) -> Interval:
    """Percentile bootstrap interval of a mean over questions.

    References:
        An Introduction to the Bootstrap (Efron and Tibshirani, 1993), chapter 13,
        https://doi.org/10.1201/9780429246593

    Example:
        >>> bootstrap_mean(np.array([1.0, 1.0, 1.0]))
        Interval(estimate=1.0, low=1.0, high=1.0)
    """
    return percentile_interval(
        float(np.mean(values)), resampled_means(values, seed=seed, resamples=resamples)
    )


def percentile_interval(estimate: float, means: Float[np.ndarray, " resample"]) -> Interval:
    """The middle 95% of resampled means around an estimate."""
    low, high = np.quantile(means, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Interval(estimate, float(low), float(high))


def resampled_means(
    values: Float[np.ndarray, " question"], *, seed: int = 0, resamples: int = 10_000
) -> Float[np.ndarray, " resample"]:
    """Means of resamples with replacement.

    Values repeat (a question is right or wrong, a difference is -1, 0 or 1), so that one multinomial draw
    of how often each distinct value is picked has the distribution of a resample and costs nothing.
    """
    distinct, repeats = np.unique(values, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(values), repeats / len(values), size=resamples)
    means: np.ndarray = draws @ distinct / len(values)
    return means


def t_interval(values: Sequence[float]) -> Interval:
    """Student's interval of the mean of at least two values, one a seed."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = t_quantile(len(values) - 1) * math.sqrt(variance / len(values))
    return Interval(mean, mean - half, mean + half)


def t_quantile(freedom: int) -> float:
    """Two-sided 95% quantile of Student's t with a whole number of degrees of freedom.

    Bisects the closed form of its distribution, which spares a dependency.

    References:
        Handbook of Mathematical Functions (Abramowitz and Stegun, 1964), 26.7.3 and 26.7.4,
        https://personal.math.ubc.ca/~cbm/aands/page_948.htm

    Example:
        >>> round(t_quantile(2), 4)
        4.3027
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < COVERAGE else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def t_tail(t: float, freedom: int) -> float:
    """Probability that Student's t is farther from zero than `t`, on either side.

    Example:
        >>> round(t_tail(4.302653, 2), 4)
        0.05
    """
    return max(0.0, 1 - _within(math.atan(abs(t) / math.sqrt(freedom)), freedom))


def _within(angle: float, freedom: int) -> float:
    """Probability that |t| is at most tan(angle) times the root of `freedom`."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    series = 0.0
    for power in range(1 if odd else 0, freedom - 1, 2):
        series += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return (2 / math.pi) * (angle + sine * series) if odd else sine * series
