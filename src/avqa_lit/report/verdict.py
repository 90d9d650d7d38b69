"""What the runs say, in words, and what they cannot say."""

from collections.abc import Iterator

from avqa_lit.artifacts.differences import KL, KL_WEIGHT, NORM, canonical, is_number, value_name
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.comparison import accuracy_over_questions, compare, compare_with_prior
from avqa_lit.report.configurations import Configuration, TestSet, best_on_val
from avqa_lit.report.opponents import opponents
from avqa_lit.report.statement import Statement, evidence, outcome
from avqa_lit.report.wording import bounds, count, percent


def findings(test_set: TestSet) -> list[Statement]:
    """Statements about runs that exist, each with its intervals.

    The choice, its gain over the prior and over other systems, then what KL and norm placement do.
    """
    varied = [*_kl(test_set), *_norm(test_set)] or list(_runner_up(test_set))
    return [_choice(test_set), *_gain(test_set), *opponents(test_set), *varied]


def headline(test_set: TestSet) -> str:
    """The shortest true summary."""
    chosen, prior = test_set.chosen, test_set.prior(OVERALL)
    accuracy = chosen.mean(OVERALL) or 0.0
    text = f"{chosen.label} answers {percent(accuracy)}% of {count(test_set.questions, 'test question')}"
    if prior is None:
        return text + "; how much of that the question alone gives away was not measured."
    side = "above" if accuracy >= prior else "below"
    return f"{text}, {percent(abs(accuracy - prior))} points {side} what the question alone gives away."


def _choice(test_set: TestSet) -> Statement:
    chosen = test_set.chosen
    candidates = test_set.candidates
    among = count(len(candidates), "configuration")
    if len(candidates) == 1:
        lead = f"{chosen.label}."
    elif test_set.was_chosen_on_val:
        lead = f"Chosen on val among {among}: {chosen.label}."
    else:
        lead = f"No accuracy on val to choose by; the first of {among}: {chosen.label}."
    over_questions, bootstrapped = accuracy_over_questions(chosen)
    method = "bootstrap" if bootstrapped else "Wilson"
    text = (
        f"It answers {percent(chosen.mean(OVERALL))}% of {count(test_set.questions, 'test question')} "
        f"(95% interval {bounds(over_questions, signed=False)} over questions, {method}"
    )
    over_seeds = chosen.over_seeds(OVERALL)
    if over_seeds:
        text += f"; {bounds(over_seeds, signed=False)} over {count(chosen.seeds, 'seed')}"
    val = chosen.mean(OVERALL, "val")
    return Statement(lead, text + ")" + (f" and {percent(val)}% on val." if val is not None else "."))


def _gain(test_set: TestSet) -> Iterator[Statement]:
    comparison = compare_with_prior(test_set.chosen, test_set)
    if comparison is None:
        return
    lead = {
        1: "It beats the question-only prior.",
        0: "No gain over the question-only prior that these runs can show.",
        -1: "It falls behind the question-only prior.",
    }[comparison.sign]
    prior = percent(test_set.prior(OVERALL))
    text = f"The prior, which neither sees nor hears the video, answers {prior}%: {evidence(comparison)}."
    yield Statement(lead, text, comparison)


def _kl(test_set: TestSet) -> Iterator[Statement]:
    """For each norm placement, the best weight above 0 against weight 0 with all else equal."""
    if KL_WEIGHT not in test_set.keys:
        return
    norms = {canonical(one.setting(NORM)): one.setting(NORM) for one in test_set.configurations}
    for key, norm in norms.items():
        here = [one for one in test_set.configurations if canonical(one.setting(NORM)) == key]
        twins = {_but_for_kl(one, test_set): one for one in here if one.setting(KL_WEIGHT) == 0}
        aligned = [one for one in here if _aligned(one) and _but_for_kl(one, test_set) in twins]
        best = best_on_val(aligned)
        if best is None:
            continue
        comparison = compare(best, twins[_but_for_kl(best, test_set)])
        place = f" with norm {value_name(norm)}" if NORM in test_set.keys else ""
        said = outcome(
            comparison,
            above=f"KL alignment helped{place}",
            level=f"KL alignment{place}",
            below=f"KL alignment hurt{place}",
        )
        weight = value_name(best.setting(KL_WEIGHT))
        text = f"The best weight above 0 on val, {weight}, against weight 0: {evidence(comparison)}."
        yield Statement(said, text, comparison)


def _aligned(one: Configuration) -> bool:
    weight = one.setting(KL_WEIGHT)
    return is_number(weight) and weight > 0


def _but_for_kl(one: Configuration, test_set: TestSet) -> str:
    return canonical([one.setting(key) for key in test_set.keys if not key.startswith(KL)])


def _norm(test_set: TestSet) -> Iterator[Statement]:
    """The best pre-norm configuration against the best post-norm one, each chosen on val."""
    pre, post = (
        best_on_val([one for one in test_set.configurations if one.setting(NORM) == placement])
        for placement in ("pre", "post")
    )
    if pre is None or post is None:
        return
    comparison = compare(pre, post)
    said = outcome(
        comparison,
        above="Norm before the sublayers (pre) is better than after (post)",
        level="Norm placement, pre against post",
        below="Norm after the sublayers (post) is better than before (pre)",
    )
    text = f"Each at its best on val, {pre.label} against {post.label}: {evidence(comparison)}."
    yield Statement(said, text, comparison)


def _runner_up(test_set: TestSet) -> Iterator[Statement]:
    """Where neither KL nor norm was varied: the chosen configuration against the next best on val."""
    second = best_on_val([one for one in test_set.configurations if one is not test_set.chosen])
    if second is None or not test_set.was_chosen_on_val:
        return
    comparison = compare(test_set.chosen, second)
    said = outcome(
        comparison,
        above=f"It beats the next best on val, {second.label}",
        level=f"Against the next best on val, {second.label}",
        below=f"The next best on val, {second.label}, does better on test",
    )
    yield Statement(said, f"On test, {evidence(comparison)}.", comparison)
