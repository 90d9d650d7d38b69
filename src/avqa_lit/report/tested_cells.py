"""Which accuracies of the table differ from those of a reference row, and which from the prior's."""

from dataclasses import dataclass

from avqa_lit.report.columns import Column, columns_of
from avqa_lit.report.configurations import Configuration, TestSet, best_on_val
from avqa_lit.report.significance import LEVEL, differences, gains
from avqa_lit.report.wording import DOWN, STAR, UP
from avqa_lit.taxonomy import Taxonomy

BASELINE = "AVST"  # class of the model that papers compare with


@dataclass(frozen=True)
class CellMarks:
    """What is significant about one accuracy.

    Attributes:
        side: 1 where it lies above the reference row's, -1 where below, 0 where neither is shown.
        gains: whether it differs from the prior's.
    """

    side: int = 0
    gains: bool = False


NO_MARKS = CellMarks()


def columns_tested(taxonomy: Taxonomy) -> list[Column]:
    """The columns that are averages over questions."""
    return [column for column in columns_of(taxonomy) if "mean_of" not in column.metric]


def baseline(test_set: TestSet) -> Configuration | None:
    """The baseline's configuration that is best on val; None where none was trained."""
    rows = [one for one in test_set.configurations if is_baseline(one)]
    return best_on_val(rows) or next(iter(rows), None)


def is_baseline(one: Configuration) -> bool:
    """Whether it is the baseline's model."""
    return str(one.setting("model._target_")).rpartition(".")[2] == BASELINE


def reference_row(test_set: TestSet) -> Configuration:
    """The baseline where it is among the rows, else the configuration that was chosen on val."""
    return baseline(test_set) or test_set.chosen


def cell_marks(test_set: TestSet) -> list[dict[str, CellMarks]]:
    """For each configuration its marks by the column's metric.

    Unweighted means are not tested: they are no averages over questions.
    """
    rows, reference = test_set.configurations, reference_row(test_set)
    others = [one for one in rows if one is not reference]
    marks: list[dict[str, CellMarks]] = [{} for _ in rows]
    for column in columns_tested(test_set.taxonomy):
        against = iter(differences(reference, others, column))
        prior = test_set.prior(column.metric)
        above = iter(gains(prior, rows, column) if prior is not None else [])
        for one, row in zip(rows, marks, strict=True):
            difference, gain = None if one is reference else next(against), next(above, None)
            row[column.metric] = CellMarks(
                _sign(difference.value) if difference and difference.is_significant else 0,
                gain is not None and gain.is_significant,
            )
    return marks


def how_tested(test_set: TestSet) -> str:
    """The footnote of the marks."""
    if test_set.chosen.marks is None:
        return "No difference is marked as significant: that takes the predictions of the runs."
    reference = reference_row(test_set)
    kind = "the baseline" if is_baseline(reference) else "the configuration chosen on val"
    several = any(one.seeds > 1 for one in test_set.configurations)
    seeds = " and, where there are several seeds, over seeds (paired t test)" if several else ""
    arrows = f"{UP} or {DOWN} beside an accuracy: above or below that of {reference.label}, {kind}. "
    return (
        (arrows if len(test_set.configurations) > 1 else "")
        + f"{STAR} beside a difference: not zero, that is, not the prior's accuracy. Each mark is a "
        f"difference at p < {LEVEL} after Holm's correction over the rows of its column; it shows over "
        f"questions (paired bootstrap){seeds}. Without a mark no difference is shown, which does not mean "
        "that there is none. Unweighted means are not tested."
    )


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
