"""Which of several configurations differ from a reference, or the prior, by more than chance explains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from avqa_lit.analysis.intervals import resampled_means, t_tail
from avqa_lit.analysis.p_values import holm, two_sided_p
from avqa_lit.report.columns import Column
from avqa_lit.report.configurations import Configuration, same_questions, seed_differences

LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """One configuration against the reference or the prior on the questions of one column.

    Attributes:
        value: difference in accuracy in favour of the configuration, as a fraction.
        p: Holm's adjusted p-value; None where the two cannot be paired question by question.
    """

    value: float
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether the familywise error stays at 5% if it is called a difference."""
        return self.p is not None and self.p < LEVEL


def differences(
    reference: Configuration, others: Sequence[Configuration], column: Column
) -> list[Difference]:
    """Each of `others` against `reference`, adjusted for how many they are.

    A difference has to show over questions (paired bootstrap) and over seeds (paired t test, for three seeds
    are too few to resample): its p-value is the larger of the two, as in an intersection-union test.

    References:
        Multiparameter hypothesis testing and acceptance sampling (Berger, 1982),
        https://doi.org/10.1080/00401706.1982.10487790
    """
    p_values = [_p_value(one, reference, column) for one in others]
    return _adjusted(others, p_values, reference.mean(column.metric) or 0.0, column)


def gains(prior: float, configurations: Sequence[Configuration], column: Column) -> list[Difference]:
    """Each configuration against the question-only prior, whose accuracy is `prior`, adjusted likewise."""
    p_values = [_p_value_of_gain(one, prior, column) for one in configurations]
    return _adjusted(configurations, p_values, prior, column)


def _adjusted(
    configurations: Sequence[Configuration], p_values: Sequence[float | None], base: float, column: Column
) -> list[Difference]:
    adjusted = iter(holm([p for p in p_values if p is not None]))
    return [
        Difference((one.mean(column.metric) or 0.0) - base, None if p is None else next(adjusted))
        for one, p in zip(configurations, p_values, strict=True)
    ]


def bootstrap_p(values: Float[np.ndarray, " question"]) -> float:
    """Two-sided p-value that the mean is zero: twice the smaller share of resampled means beyond it."""
    return two_sided_p(resampled_means(values))


def paired_t_p(values: Sequence[float]) -> float:
    """Two-sided p-value of Student's t that the mean of at least two differences is zero."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    if variance == 0:
        return float(mean == 0)
    return t_tail(mean / math.sqrt(variance / len(values)), len(values) - 1)


def _p_value(one: Configuration, reference: Configuration, column: Column) -> float | None:
    if one.marks is None or reference.marks is None or not same_questions(one, reference):
        return None
    by_seed = seed_differences(one, reference, column.metric)
    return _both(one.marks - reference.marks, one, column, by_seed)


def _p_value_of_gain(one: Configuration, prior: float, column: Column) -> float | None:
    if one.marks is None or one.prior_marks is None:
        return None
    by_seed = [value - prior for value in one.values(column.metric)]
    return _both(one.marks - one.prior_marks, one, column, by_seed)


def _both(
    marks: Float[np.ndarray, " question"], one: Configuration, column: Column, by_seed: Sequence[float]
) -> float | None:
    answers, place = one.results[0].answers, one.results[0].taxonomy.place
    if answers is None:
        return None
    asked: Bool[np.ndarray, " question"] = np.isin(
        answers.category, [place[name] for name in column.categories]
    )
    if not asked.any():
        return None
    over_questions = bootstrap_p(marks[asked])
    return max(over_questions, paired_t_p(by_seed)) if len(by_seed) > 1 else over_questions
