"""What cannot be said from these runs, worked out from the runs."""

from collections.abc import Iterator

from avqa_lit.artifacts.differences import KL_WEIGHT, is_number, key_name, value_name
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.provenance import budgets, dropped_questions, is_synthetic
from avqa_lit.report.published import is_official
from avqa_lit.report.statement import Statement
from avqa_lit.report.tested_cells import BASELINE, baseline
from avqa_lit.report.wording import count

FEW_SEEDS = 5


def caveats(test_set: TestSet, statements: list[Statement]) -> list[str]:
    """Limits of the verdict, those that weigh most first."""
    return [
        *_seeds(test_set),
        *_data(test_set),
        *_choice(test_set),
        *_others(test_set),
        *(_untested(test_set.trained) if test_set.trained else ()),
        *_statistics(test_set, statements),
    ]


def _seeds(test_set: TestSet) -> Iterator[str]:
    configurations = test_set.trained.configurations if test_set.trained else test_set.configurations
    fewest = min(one.seeds for one in configurations)
    if fewest == 1:
        yield (
            "One seed a configuration: how much accuracy moves with the seed is not measured. The intervals "
            "cover the choice of questions, not the luck of training. Sweep seed=0,1,2 to measure it."
        )
    elif fewest < FEW_SEEDS:
        yield f"With {fewest} seeds an interval over seeds is wide, and a real difference may not show."


def _data(test_set: TestSet) -> Iterator[str]:
    dropped = dropped_questions(test_set.results)
    if dropped:
        yield f"{count(dropped, 'test question')} without features had to be left out of every accuracy."
    if any(is_synthetic(result) for result in test_set.results):
        yield (
            "The data is simulated concerts. These accuracies are not MUSIC-AVQA accuracies; an effect found "
            "here need not appear on recordings, nor one missing here be missing there."
        )
    if "quick" in budgets(test_set.results):
        yield "Budget quick is small: more data or training may order the configurations differently."


def _choice(test_set: TestSet) -> Iterator[str]:
    score = test_set.chosen.mean(OVERALL, "val")
    ties = [one for one in test_set.configurations if one.mean(OVERALL, "val") == score]
    if score is not None and len(ties) > 1:
        yield f"{count(len(ties), 'configuration')} tie for the best on val; the first of them was taken."


def _others(test_set: TestSet) -> Iterator[str]:
    if baseline(test_set) is None:
        yield (
            f"None of these is the baseline, {BASELINE}, trained on the same features: whether anything here "
            "beats it is open. Train model=avst, or model=avst_pooled, beside them."
        )
    if is_official(test_set.taxonomy, test_set.totals):
        yield (
            "Published rows are others' trainings, mostly one each, on other features; without their answers "
            "no difference to them is paired, and a small one shows nothing."
        )


def _untested(test_set: TestSet) -> Iterator[str]:
    for key in test_set.keys:
        values = {one.setting(key) for one in test_set.configurations if is_number(one.setting(key))}
        value = test_set.chosen.setting(key)
        if len(values) > 2 and value in (min(values), max(values)) and value != 0:
            edge = "largest" if value == max(values) else "smallest"
            yield (
                f"The chosen {key_name(key)}, {value_name(value)}, is the {edge} tested: "
                f"a {edge[:-3]}er one may do better."
            )
    weights = {one.setting(KL_WEIGHT) for one in test_set.configurations}
    if KL_WEIGHT in test_set.keys and 0 not in weights:
        yield "No run has KL weight 0, so whether the alignment helps at all is open."


def _statistics(test_set: TestSet, statements: list[Statement]) -> Iterator[str]:
    answers = test_set.chosen.results[0].answers
    if answers is None or answers.videos < test_set.questions:
        yield (
            "Questions about one video are not independent; the intervals count them as if they were, so "
            "that true ones are somewhat wider."
        )
    compared = sum(one.comparison is not None for one in statements)
    if compared > 1:
        yield (
            f"{compared} comparisons were made, each at 95%: about one comparison in twenty shows a "
            "difference where there is none."
        )
