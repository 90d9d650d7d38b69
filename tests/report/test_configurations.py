import numpy as np
import pytest
from scipy import stats

from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of


def test_runs_that_differ_in_the_seed_alone_are_one_configuration(fake):
    sweep = fake().grid(weights=(0.0, 0.1), norms=("pre",), seeds=(0, 1, 2))
    (test_set,) = sets_of(collect([sweep.write()]).results)
    assert [(one.label, one.seeds) for one in test_set.configurations] == [
        ("KL weight 0", 3),
        ("KL weight 0.1", 3),
    ]
    one = test_set.configurations[0]
    values = [result.run.results.metrics["test/acc/overall"] for result in one.results]
    error = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    assert one.mean("acc/overall") == pytest.approx(np.mean(values))
    assert one.over_seeds("acc/overall").half_width == pytest.approx(error)


def test_the_choice_is_by_val_and_ties_go_to_the_first(fake):
    sweep = fake()
    sweep.add("a", weight=0.0, val=0.5, skill=0.9)
    sweep.add("b", weight=0.1, val=0.6, skill=0.3)
    sweep.add("c", weight=0.5, val=0.6, skill=0.8)
    (test_set,) = sets_of(collect([sweep.write()]).results)
    assert test_set.chosen.label == "KL weight 0.1"


def test_different_stores_with_different_questions_are_different_test_sets(fake):
    one, two = fake("one"), fake("two", checksum="beef", questions="another")
    one.add("a")
    two.add("a")
    assert len(sets_of(collect([one.write(), two.write()]).results)) == 2


def test_other_features_of_the_same_questions_are_compared(fake):
    one, two = fake("one"), fake("two", checksum="beef")
    one.add("a")
    two.add("a")
    (test_set,) = sets_of(collect([one.write(), two.write()]).results)
    assert [one.label for one in test_set.configurations] == ["store checksum c0ffee", "store checksum beef"]


def test_without_predictions_different_stores_stay_apart(fake):
    one, two = fake("one"), fake("two", checksum="beef")
    one.add("a", predictions="without")
    two.add("a", predictions="without")
    assert len(sets_of(collect([one.write(), two.write()]).results)) == 2


def test_runs_of_one_store_belong_together_with_and_without_predictions(fake):
    sweep = fake()
    sweep.add("a", predictions="without")
    sweep.add("b", weight=0.1)
    assert len(sets_of(collect([sweep.write()]).results)) == 1
