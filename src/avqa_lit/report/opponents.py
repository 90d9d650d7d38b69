"""The chosen configuration against other systems: the baseline, its published row, other programs."""

from collections.abc import Iterator

from avqa_lit.analysis.intervals import newcombe, wilson
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.comparison import Comparison, accuracy_over_questions, compare
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.origin import GIVEN
from avqa_lit.report.published import is_official, published_rows
from avqa_lit.report.statement import Statement, evidence, outcome
from avqa_lit.report.tested_cells import BASELINE, baseline, is_baseline
from avqa_lit.report.wording import percent


def opponents(test_set: TestSet) -> list[Statement]:
    """A statement for each opponent that there is."""
    return [*_baseline(test_set), *_published_baseline(test_set), *_other_programs(test_set)]


def _baseline(test_set: TestSet) -> Iterator[Statement]:
    rival = baseline(test_set)
    if rival is None:
        return
    if is_baseline(test_set.chosen):
        yield Statement(
            f"The chosen configuration is the baseline, {BASELINE}.", "No other is better on val."
        )
        return
    comparison = compare(test_set.chosen, rival)
    text = f"{rival.label} answers {percent(rival.mean(OVERALL))}%: {evidence(comparison)}."
    yield _against(f"the baseline {BASELINE}, trained here", comparison, text)


def _published_baseline(test_set: TestSet) -> Iterator[Statement]:
    if not is_official(test_set.taxonomy, test_set.totals):
        return
    paper = next(one for one in published_rows() if one.system == BASELINE)
    value = paper.accuracy(OVERALL)
    theirs = wilson(value * test_set.questions, test_set.questions)
    over_questions = newcombe(accuracy_over_questions(test_set.chosen)[0], theirs)
    comparison = Comparison(over_questions, paired=False, over_seeds=None, seeds=1)
    side = {1: "above", 0: "within chance of", -1: "below"}[comparison.sign]
    yield Statement(
        f"Its accuracy lies {side} the published {BASELINE}'s ({paper.venue}).",
        f"The paper prints {percent(value)}%, weighted as here: {evidence(comparison)}. "
        f"Theirs are {paper.features}, of one training.",
        comparison,
    )


def _other_programs(test_set: TestSet) -> Iterator[Statement]:
    for other in test_set.configurations:
        if other.origin != GIVEN or other is test_set.chosen:
            continue
        comparison = compare(test_set.chosen, other)
        text = f"They are right for {percent(other.mean(OVERALL))}%: {evidence(comparison)}."
        yield _against(f"the {other.label}", comparison, text, hedged=False)


def _against(rival: str, comparison: Comparison, text: str, *, hedged: bool = True) -> Statement:
    said = outcome(
        comparison,
        above=f"It beats {rival}",
        level=f"Against {rival}",
        below=f"It falls behind {rival}",
        hedged=hedged,
    )
    return Statement(said, text, comparison)
