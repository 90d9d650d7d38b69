"""Which of several systems answers more of the same questions, pair by pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int64

from avqa_lit.analysis.intervals import Interval, percentile_interval
from avqa_lit.analysis.p_values import holm, two_sided_p

RESAMPLES = 10_000
HOW_TESTED = (
    "Each pair is compared on the same questions. The intervals hold 95% of the differences when videos are "
    f"drawn again with all their questions ({RESAMPLES:,} bootstrap resamples), since questions about one "
    "video are not independent. p-values are two-sided, from the same resamples, after Holm's correction "
    "over all pairs."
)


@dataclass(frozen=True)
class System:
    """One system's marks on the questions.

    Attributes:
        name: how it is told from the others.
        marks: 1 where the answer is right; a share of runs where there are several.
    """

    name: str
    marks: Float[np.ndarray, " question"]

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(self.marks.mean())


@dataclass(frozen=True)
class Difference:
    """How many more of the questions one system answers than another, as a fraction.

    Attributes:
        better: name of the system with the higher accuracy.
        other: name of the one that it is compared with.
        interval: of the difference, had other videos been asked about.
        p: Holm's adjusted p-value that there is no difference.
    """

    better: str
    other: str
    interval: Interval
    p: float


def ranked(systems: Sequence[System]) -> list[System]:
    """From the best to the worst; equal ones in the order in which they came."""
    return sorted(systems, key=lambda system: -system.accuracy)


def paired_differences(
    systems: Sequence[System], video: Int64[np.ndarray, " question"], *, seed: int = 0
) -> list[Difference]:
    """Every pair of systems, the better one first.

    Args:
        systems: with marks on the same questions.
        video: number of each question's video.
        seed: of the resamples.
    """
    pairs = list(combinations(ranked(systems), 2))
    resampled = [
        resampled_by_video(better.marks - other.marks, video, seed=seed, resamples=RESAMPLES)
        for better, other in pairs
    ]
    adjusted = holm([two_sided_p(means) for means in resampled])
    return [
        Difference(better.name, other.name, percentile_interval(better.accuracy - other.accuracy, means), p)
        for (better, other), means, p in zip(pairs, resampled, adjusted, strict=True)
    ]


def resampled_by_video(
    values: Float[np.ndarray, " question"],
    video: Int64[np.ndarray, " question"],
    *,
    seed: int,
    resamples: int,
) -> Float[np.ndarray, " resample"]:
    r"""Means over questions when videos are drawn with replacement, each with all its questions.

    .. math:: \bar d^* = \frac{\sum_v w_v \sum_{i \in v} d_i}{\sum_v w_v n_v},
        \qquad w \sim \mathrm{Multinomial}(V, 1/V)

    Videos with equal sums and equally many questions are interchangeable, so that one draw of how often each
    distinct pair is picked has the distribution of a resample and costs little.

    References:
        Bootstrap methods and their application (Davison and Hinkley, 1997), section 3.8,
        https://doi.org/10.1017/CBO9780511802843
    """
    sums, sizes = np.bincount(video, weights=values), np.bincount(video)
    asked = sizes > 0
    pairs = np.column_stack([sums[asked], sizes[asked]])
    distinct, repeats = np.unique(pairs, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    totals = generator.multinomial(len(pairs), repeats / len(pairs), size=resamples) @ distinct
    means: np.ndarray = totals[:, 0] / totals[:, 1]
    return means
