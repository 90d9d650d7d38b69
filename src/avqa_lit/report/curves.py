"""Training curves of a run from its logged steps."""

import math
from dataclasses import dataclass

from avqa_lit.report.configurations import TestSet


@dataclass(frozen=True)
class Curve:
    """One value of one run over its epochs.

    Attributes:
        name: configuration and seed.
        epochs: counted from 1.
        is_chosen: whether the run belongs to the chosen configuration.
    """

    name: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    is_chosen: bool


def curves(test_set: TestSet, metric: str, *, scale: float = 1.0) -> list[Curve]:
    """A curve for each run that logged `metric`: the mean of an epoch's logged steps, times `scale`."""
    found = []
    for one in test_set.configurations:
        for result in one.results:
            logged: dict[int, list[float]] = {}
            for row in result.run.metrics:
                if _is_finite(row.get(metric)):
                    logged.setdefault(int(row["epoch"]) + 1, []).append(scale * row[metric])
            if logged:
                means = tuple(math.fsum(values) / len(values) for values in logged.values())
                name = f"{one.label} (seed {result.seed})"
                found.append(Curve(name, tuple(logged), means, one is test_set.chosen))
    return found


def _is_finite(value: object) -> bool:
    """Whether a logged value can be drawn; null stands for one that was not finite."""
    return isinstance(value, int | float) and math.isfinite(value)


def alignment_terms(test_set: TestSet) -> list[str]:
    """Names of the logged train losses beside the sum of all terms and that of the answers."""
    named = {name for result in test_set.results for row in result.run.metrics for name in row}
    return sorted(name for name in named if name.startswith("train/loss/") and name != "train/loss/answer")
