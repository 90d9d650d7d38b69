"""Whether the accuracies of two categories rise and fall together from run to run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from avqa_lit.analysis.intervals import t_quantile
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.heat_map import HeatMap
from avqa_lit.report.wording import MINUS
from avqa_lit.taxonomy import Taxonomy

FEWEST_RUNS = 10
REST = "the others"


@dataclass(frozen=True)
class Correlations:
    """Rank correlations over runs.

    Attributes:
        taxonomy: the categories.
        runs: how many.
        between: of each category with each.
        with_rest: of each category with the mean of the others. NaN where an accuracy never varies.
        critical: a single correlation farther from zero is significant at 5%.
    """

    taxonomy: Taxonomy
    runs: int
    between: Float[np.ndarray, "category category"]
    with_rest: Float[np.ndarray, " category"]
    critical: float

    def heat_map(self) -> HeatMap:
        """Each pair once; at the bottom each category with the mean of the others."""
        names = [category.label for category in self.taxonomy.categories]
        lower = [
            [value if column < row else None for column, value in enumerate(line)]
            for row, line in enumerate(self.between.tolist())
        ]
        values = [*lower[1:], self.with_rest.tolist()]
        shades = [[None if one is None or math.isnan(one) else one for one in line] for line in values]
        return HeatMap(
            title="Rank correlation between categories",
            row_names=[*names[1:], REST],
            column_names=names,
            shades=shades,
            texts=[["" if one is None else _signed(one) for one in line] for line in shades],
        )


def correlations(test_set: TestSet) -> Correlations | None:
    """Over all trained runs that were tested on every category; None for fewer than `FEWEST_RUNS`."""
    names = test_set.taxonomy.names
    values = [[result.accuracy(f"acc/{name}") for name in names] for result in test_set.results]
    whole = [[value for value in row if value is not None] for row in values if None not in row]
    if len(whole) < FEWEST_RUNS:
        return None
    table = np.array(whole)
    count = table.shape[1]
    rest = [np.delete(table, place, axis=1).mean(axis=1) for place in range(count)]
    return Correlations(
        taxonomy=test_set.taxonomy,
        runs=len(table),
        between=np.array([[spearman(left, right) for right in table.T] for left in table.T]),
        with_rest=np.array([spearman(own, others) for own, others in zip(table.T, rest, strict=True)]),
        critical=critical_value(len(table)),
    )


def spearman(left: Sequence[float] | np.ndarray, right: Sequence[float] | np.ndarray) -> float:
    """Pearson's correlation of the ranks, ties sharing their mean rank; NaN where either never varies.

    References:
        The proof and measurement of association between two things (Spearman, 1904),
        https://doi.org/10.2307/1412159

    Example:
        >>> spearman([1, 2, 3, 4], [1, 2, 4, 3])
        0.8
    """
    first, second = _ranks(np.asarray(left)), _ranks(np.asarray(right))
    first, second = first - first.mean(), second - second.mean()
    scale = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / scale if scale else math.nan


def critical_value(runs: int) -> float:
    r"""Least correlation that differs from zero at 5%, by Student's t.

    .. math:: r = t / \sqrt{n - 2 + t^2}

    Example:
        >>> round(critical_value(10), 3)
        0.632
    """
    t = t_quantile(runs - 2)
    return t / math.sqrt(runs - 2 + t**2)


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: np.ndarray = (last - (counts - 1) / 2)[place]
    return ranks


def _signed(value: float) -> str:
    text = f"{value:.2f}".replace("-", MINUS)
    return "0.00" if text == f"{MINUS}0.00" else text
