"""Whether one configuration answers more test questions than another, as far as the runs can show."""

from dataclasses import dataclass

from avqa_lit.analysis.intervals import Interval, bootstrap_mean, newcombe, t_interval, wilson
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import Configuration, TestSet, same_questions, seed_differences


@dataclass(frozen=True)
class Comparison:
    """Difference in overall test accuracy, with what is uncertain about it.

    Attributes:
        over_questions: had other questions been asked. Paired where both kept their predictions, else as
            if the two had answered different questions, which is wider than need be.
        paired: whether it is the first.
        over_seeds: had other seeds been drawn; None for fewer than two seeds in common.
        seeds: seeds in common.
    """

    over_questions: Interval
    paired: bool
    over_seeds: Interval | None
    seeds: int

    @property
    def difference(self) -> float:
        """In favour of the first, as a fraction."""
        return self.over_questions.estimate

    @property
    def sign(self) -> int:
        """1 or -1 where every interval lies on that side of zero, else 0: no difference is shown."""
        signs = {one.sign for one in (self.over_questions, self.over_seeds) if one is not None}
        return signs.pop() if len(signs) == 1 else 0


def accuracy_over_questions(one: Configuration) -> tuple[Interval, bool]:
    """Overall test accuracy had other questions been asked, and whether from a bootstrap (else Wilson's)."""
    if one.marks is not None:
        return bootstrap_mean(one.marks), True
    total = one.results[0].total()
    return wilson((one.mean(OVERALL) or 0.0) * total, total), False


def compare(left: Configuration, right: Configuration) -> Comparison:
    """How many more of the test questions `left` answers than `right`."""
    marks = (left.marks, right.marks)
    if marks[0] is not None and marks[1] is not None and same_questions(left, right):
        over_questions, paired = bootstrap_mean(marks[0] - marks[1]), True
    else:
        over_questions = newcombe(accuracy_over_questions(left)[0], accuracy_over_questions(right)[0])
        paired = False
    differences = seed_differences(left, right, OVERALL)
    over_seeds = t_interval(differences) if len(differences) > 1 else None
    return Comparison(over_questions, paired, over_seeds, len(differences))


def compare_with_prior(one: Configuration, test_set: TestSet) -> Comparison | None:
    """How many more of the test questions `one` answers than the prior; None where there is no prior."""
    prior = test_set.prior(OVERALL)
    if prior is None:
        return None
    if one.marks is not None and one.prior_marks is not None:
        over_questions, paired = bootstrap_mean(one.marks - one.prior_marks), True
    else:
        chance = wilson(prior * test_set.questions, test_set.questions)
        over_questions, paired = newcombe(accuracy_over_questions(one)[0], chance), False
    gains = [value - prior for value in one.values(OVERALL)]
    return Comparison(over_questions, paired, t_interval(gains) if len(gains) > 1 else None, one.seeds)
