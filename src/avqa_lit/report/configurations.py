"""Groups runs into test sets, within which they can be compared, and into configurations with their seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from avqa_lit.analysis.intervals import Interval, t_interval, wilson
from avqa_lit.artifacts.differences import canonical, differing_keys, label
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.origin import STORE_CHECKSUM, TRAINING
from avqa_lit.report.result import Result
from avqa_lit.taxonomy import Taxonomy


@dataclass(frozen=True)
class Configuration:
    """Runs that differ in nothing but the seed.

    Attributes:
        label: the keys in which it differs from the other configurations, with their values.
        results: one a seed.
    """

    label: str
    results: tuple[Result, ...]

    @property
    def seeds(self) -> int:
        """Number of runs."""
        return len(self.results)

    @property
    def origin(self) -> str:
        """Training, a checkpoint scored again, or another program's answers."""
        return self.results[0].origin

    def setting(self, key: str) -> Any:
        """Value of a config key; None where the config has no such key."""
        return self.results[0].settings.get(key)

    def values(self, metric: str, split: str = "test") -> list[float]:
        """Accuracy of each run that has it."""
        found = (result.accuracy(metric, split) for result in self.results)
        return [value for value in found if value is not None]

    def mean(self, metric: str, split: str = "test") -> float | None:
        """Mean over seeds; None where no run has the metric."""
        values = self.values(metric, split)
        return math.fsum(values) / len(values) if values else None

    def over_seeds(self, metric: str, split: str = "test") -> Interval | None:
        """Interval of the mean over seeds; None for fewer than two."""
        values = self.values(metric, split)
        return t_interval(values) if len(values) > 1 else None

    def interval(self, metric: str, categories: Sequence[str], split: str = "test") -> Interval | None:
        """Over seeds where there are several, else Wilson's over the questions of `categories`."""
        total = sum(self.results[0].counts.get(split, {}).get(one, (0, 0))[1] for one in categories)
        mean = self.mean(metric, split)
        if self.seeds > 1 or mean is None:
            return self.over_seeds(metric, split)
        return wilson(mean * total, total) if total else None

    @cached_property
    def marks(self) -> Float[np.ndarray, " question"] | None:
        """Share of the seeds that answer each test question rightly; None unless all kept predictions."""
        answers = [result.answers for result in self.results if result.answers is not None]
        if len(answers) < self.seeds or len({one.fingerprint for one in answers}) > 1:
            return None
        return sum((one.correct for one in answers), np.zeros_like(answers[0].correct)) / len(answers)

    @property
    def prior_marks(self) -> Float[np.ndarray, " question"] | None:
        """The question-only prior's marks on the test questions, where the runs kept its answers."""
        return self.results[0].answers.prior_correct if self.results[0].answers else None


@dataclass(frozen=True)
class TestSet:
    """Configurations that were tested on the same questions, and so can be compared.

    Attributes:
        keys: config keys in which they differ.
        configurations: in the order in which they were found.
    """

    __test__ = False  # no test class of pytest's

    keys: tuple[str, ...]
    configurations: tuple[Configuration, ...]

    @property
    def results(self) -> list[Result]:
        """All runs."""
        return [result for one in self.configurations for result in one.results]

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories of their questions."""
        return self.results[0].taxonomy

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Number of questions in each category."""
        counts = self.results[0].counts["test"]
        return tuple(counts.get(name, (0, 0))[1] for name in self.taxonomy.names)

    @property
    def questions(self) -> int:
        """Number of test questions."""
        return sum(self.totals)

    @cached_property
    def trained(self) -> "TestSet | None":
        """The configurations that were trained, without what was scored later; None where there are none."""
        trained = tuple(one for one in self.configurations if one.origin == TRAINING)
        if len(trained) in (0, len(self.configurations)):
            return self if trained else None
        return TestSet(_keys([result for one in trained for result in one.results]), trained)

    @property
    def candidates(self) -> list[Configuration]:
        """Those that the choice is among: with an accuracy on val, where there are any, else all."""
        scored = [one for one in self.configurations if one.mean(OVERALL, "val") is not None]
        return scored or list(self.configurations)

    def prior(self, metric: str, split: str = "test") -> float | None:
        """Accuracy of the question-only prior; None where no run has one."""
        values = (result.accuracy(f"prior/{metric}", split) for result in self.results)
        return next((value for value in values if value is not None), None)

    @cached_property
    def chosen(self) -> Configuration:
        """Best mean overall accuracy on val, ties to the first; the first where no run has one."""
        return best_on_val(self.configurations) or self.configurations[0]

    @property
    def was_chosen_on_val(self) -> bool:
        """Whether any configuration has an accuracy on val to be chosen by."""
        return best_on_val(self.configurations) is not None


def best_on_val(configurations: Sequence[Configuration]) -> Configuration | None:
    """Best mean overall accuracy on val, ties to the first; None where none has one."""
    scored = [(one.mean(OVERALL, "val"), one) for one in configurations]
    known = [(score, one) for score, one in scored if score is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def same_questions(left: Configuration, right: Configuration) -> bool:
    """Whether all runs of both kept their answers to the same questions."""
    return len({one.answers.fingerprint for one in (*left.results, *right.results) if one.answers}) == 1


def seed_differences(left: Configuration, right: Configuration, metric: str) -> list[float]:
    """Differences in test accuracy of the runs that share a seed."""
    other = {result.seed: result.accuracy(metric) for result in right.results}
    pairs = ((result.accuracy(metric), other.get(result.seed)) for result in left.results)
    return [mine - theirs for mine, theirs in pairs if mine is not None and theirs is not None]


def test_sets(results: Sequence[Result]) -> list[TestSet]:
    """Runs by what they were tested on: equal questions with equal answers, whatever the features.

    Their categories are the same as well, since each table has the columns of one taxonomy.
    Runs on the same store belong together. Runs on different stores do so if their predictions show that the
    questions are the same, as where encoders are compared; without predictions they stay apart. So do runs
    with different priors; one without a prior belongs to the first of them.
    """
    of_store: dict[str, str] = {}
    for result in results:
        if result.answers is not None:
            of_store.setdefault(_store(result), result.answers.fingerprint)

    def test(result: Result) -> str:
        totals = canonical({name: total for name, (_, total) in result.counts["test"].items()})
        categories = canonical(result.taxonomy.names)
        return of_store.get(_store(result), _store(result)) + totals + categories

    priors: dict[str, float] = {}
    for result in results:
        prior = result.accuracy(f"prior/{OVERALL}")
        if prior is not None:
            priors.setdefault(test(result), prior)
    groups: dict[tuple[str, float | None], list[Result]] = {}
    for result in results:
        prior = result.accuracy(f"prior/{OVERALL}")
        of_test = test(result)
        groups.setdefault((of_test, priors.get(of_test) if prior is None else prior), []).append(result)
    return [_test_set(group) for group in groups.values()]


def _store(result: Result) -> str:
    return str(result.checksum)


def _test_set(results: Sequence[Result]) -> TestSet:
    keys = _keys(results)
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(canonical(result.settings), []).append(result)
    return TestSet(
        keys,
        tuple(Configuration(_name(group[0], keys, len(groups)), tuple(group)) for group in groups.values()),
    )


def _keys(results: Sequence[Result]) -> tuple[str, ...]:
    """Config keys in which the runs differ; the checksum of the data where no key tells the data apart."""
    settings = [result.settings for result in results if result.is_described]
    keys = differing_keys(settings)
    of_data = [key for key in keys if key.startswith("data.")]
    told = {canonical([one.get(key) for key in of_data]) for one in settings}
    both = {canonical([one.get(key) for key in (*of_data, STORE_CHECKSUM)]) for one in settings}
    return tuple(key for key in keys if key != STORE_CHECKSUM or len(told) < len(both))


def _name(result: Result, keys: Sequence[str], configurations: int) -> str:
    if result.is_described:
        return label(result.settings, keys) if keys or configurations == 1 else "The trained configuration"
    names = {"answers": "answers in", "checkpoint": "checkpoint", "drop": "drop"}
    return " · ".join(f"{names[key]} {value}" for key, value in result.settings.items() if key in names)
