import numpy as np
import pytest

from avqa_lit.report.caveats import caveats
from avqa_lit.report.collect import collect
from avqa_lit.report.comparison import compare, compare_with_prior
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.verdict import findings, headline

QUESTIONS = 363


def read(sweep):
    (test_set,) = sets_of(collect([sweep.write()]).results)
    return test_set


def first(share):
    """The first part of the questions answered, the rest not."""
    return np.arange(QUESTIONS) < round(share * QUESTIONS)


def leads(sweep):
    return [one.lead for one in findings(read(sweep))]


def limits(sweep):
    test_set = read(sweep)
    return " ".join(caveats(test_set, findings(test_set)))


@pytest.mark.parametrize(
    ("gain", "lead"),
    [
        (0.08, "KL alignment helped, as far as one seed can tell."),
        (0.0, "KL alignment: no difference that these runs can show."),
        (-0.08, "KL alignment hurt, as far as one seed can tell."),
    ],
)
def test_kl_helped_hurt_or_nothing_shown(fake, gain, lead):
    sweep = fake()
    sweep.add("without", weight=0.0, marks=first(0.5))
    sweep.add("with", weight=0.1, marks=first(0.5 + gain), val=0.6)
    sweep.add("more", weight=1.0, marks=first(0.9), val=0.1)
    assert lead in leads(sweep)


def test_a_small_difference_within_its_interval_is_not_called_one(fake):
    sweep = fake()
    marks = first(0.5)
    sweep.add("without", weight=0.0, marks=marks)
    other = marks.copy()
    other[[3, 5, 7]] = False
    other[[-3, -5, -7, -9]] = True
    sweep.add("with", weight=0.1, marks=other)
    (kl,) = (one for one in findings(read(sweep)) if one.lead.startswith("KL"))
    assert kl.lead == "KL alignment: no difference that these runs can show."
    assert kl.comparison.paired
    assert kl.comparison.difference == pytest.approx(1 / QUESTIONS)
    assert "a difference of +0.3 points (95% interval −1.1 to +1.7, paired over questions)" in kl.text  # noqa: RUF001


def test_kl_is_judged_at_the_same_norm_and_norm_placement_at_each_ones_best(fake):
    sweep = fake()
    sweep.add("a", weight=0.0, norm="pre", marks=first(0.5))
    sweep.add("b", weight=0.1, norm="pre", marks=first(0.6))
    sweep.add("c", weight=0.0, norm="post", marks=first(0.7))
    sweep.add("d", weight=0.1, norm="post", marks=first(0.65))
    assert leads(sweep) == [
        "Chosen on val among 4 configurations: KL weight 0 · norm post.",
        "It beats the question-only prior.",
        "KL alignment helped with norm pre, as far as one seed can tell.",
        "KL alignment hurt with norm post, as far as one seed can tell.",
        "Norm after the sublayers (post) is better than before (pre), as far as one seed can tell.",
    ]


def test_no_statement_about_runs_that_do_not_exist(fake):
    sweep = fake()
    sweep.add("a", weight=0.1)
    sweep.add("b", weight=0.5)
    assert not any("KL alignment" in lead or "Norm" in lead for lead in leads(sweep))
    assert "No run has KL weight 0" in limits(sweep)


def test_where_neither_kl_nor_norm_varies_the_next_best_is_compared(fake):
    sweep = fake()
    for key, rate, share in (("a", 1e-4, 0.5), ("b", 1e-3, 0.6), ("c", 1e-2, 0.3)):
        config = sweep.config(weight=0.0, norm="pre", seed=0) | {"optimizer": {"lr": rate}}
        sweep.add(key, config=config, marks=first(share))
    assert (
        leads(sweep)[-1]
        == "It beats the next best on val, learning rate 0.0001, as far as one seed can tell."
    )


def test_several_seeds_must_agree_before_a_difference_is_claimed(fake):
    sweep = fake()
    for seed, gain in enumerate((0.2, 0.01, -0.01)):
        sweep.add(f"w{seed}", weight=0.0, seed=seed, marks=first(0.5))
        sweep.add(f"k{seed}", weight=0.1, seed=seed, marks=first(0.5 + gain), val=0.9)
    (kl,) = (one for one in findings(read(sweep)) if one.lead.startswith("KL"))
    assert kl.comparison.over_questions.sign == 1
    assert kl.comparison.over_seeds.sign == 0
    assert kl.lead == "KL alignment: no difference that these runs can show."
    assert "over 3 seeds" in kl.text


def test_several_seeds_that_agree_show_a_difference_without_a_hedge(fake):
    sweep = fake()
    for seed, gain in enumerate((0.1, 0.11, 0.09)):
        sweep.add(f"w{seed}", weight=0.0, seed=seed, marks=first(0.5))
        sweep.add(f"k{seed}", weight=0.1, seed=seed, marks=first(0.5 + gain))
    assert "KL alignment helped." in leads(sweep)


@pytest.mark.parametrize(
    ("share", "lead"),
    [
        (0.9, "It beats the question-only prior."),
        (None, "No gain over the question-only prior that these runs can show."),
        (0.1, "It falls behind the question-only prior."),
    ],
)
def test_the_gain_over_the_prior_is_judged(fake, share, lead):
    sweep = fake()
    sweep.add("a", marks=sweep.prior if share is None else first(share))
    assert leads(sweep) == ["The one configuration.", lead]


def test_a_prior_that_kept_its_answers_is_paired_and_gives_a_narrower_interval(fake):
    widths = []
    for name, predictions in (("one", "with"), ("two", "with prior")):
        sweep = fake(name)
        marks = sweep.prior.copy()
        marks[:31] = True
        sweep.add("a", marks=marks, predictions=predictions)
        test_set = read(sweep)
        gain = compare_with_prior(test_set.chosen, test_set)
        assert gain.paired == (predictions == "with prior")
        assert gain.difference == pytest.approx(marks.mean() - sweep.prior.mean())
        widths.append(gain.over_questions.half_width)
    assert widths[1] < 0.6 * widths[0]


def test_without_predictions_the_comparison_is_unpaired_and_wilsons(fake):
    sweep = fake()
    sweep.add("a", weight=0.0, marks=first(0.5), predictions="without")
    sweep.add("b", weight=0.1, marks=first(0.52), predictions="without")
    test_set = read(sweep)
    comparison = compare(test_set.configurations[1], test_set.configurations[0])
    assert not comparison.paired
    assert comparison.sign == 0
    assert "Wilson" in findings(test_set)[0].text


def test_without_val_the_first_is_shown_and_said_so(fake):
    sweep = fake()
    for key, weight in (("a", 0.0), ("b", 0.1)):
        run = sweep.add(key, weight=weight)
        text = (run / "results.json").read_text("utf-8")
        (run / "results.json").write_text(text.replace('"val/acc/overall": ', '"val/other": '), "utf-8")
    test_set = read(sweep)
    assert not test_set.was_chosen_on_val
    assert findings(test_set)[0].lead.startswith(
        "No accuracy on val to choose by; the first of 2 configurations"
    )


def test_without_a_prior_the_headline_says_that_it_was_not_measured(fake):
    sweep = fake()
    sweep.add("a", prior=False)
    test_set = read(sweep)
    assert "was not measured" in headline(test_set)
    assert len(findings(test_set)) == 1


def test_limits_follow_from_the_runs(fake):
    sweep = fake().grid()
    text = limits(sweep)
    assert "One seed a configuration" in text
    assert "simulated concerts" in text
    assert "3 test questions without features had to be left out" in text
    assert "Budget quick" in text
    assert "4 comparisons were made" in text
    real = fake("real", data="music_avqa", budget="poster", checksum="beef").grid(seeds=(0, 1, 2, 3, 4))
    text = limits(real)
    assert "seed" not in text
    assert "simulated" not in text
    assert "Budget" not in text


def test_a_choice_at_the_edge_of_what_was_tested_is_told(fake):
    sweep = fake()
    for weight, share in ((0.0, 0.5), (0.1, 0.55), (1.0, 0.6)):
        sweep.add(f"w{weight}", weight=weight, marks=first(share))
    assert "The chosen KL weight, 1, is the largest tested: a larger one may do better." in limits(sweep)


def test_a_tie_on_val_is_told(fake):
    sweep = fake()
    sweep.add("a", weight=0.0, val=0.5)
    sweep.add("b", weight=0.1, val=0.5)
    assert "2 configurations tie for the best on val" in limits(sweep)
