import numpy as np
import pytest

from avqa_lit.report.collect import collect
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.opponents import opponents
from avqa_lit.report.significance import differences
from avqa_lit.report.tested_cells import cell_marks, columns_tested, how_tested, reference_row
from avqa_lit.taxonomy import MUSIC_AVQA

AVST = "avqa_lit.models.avst.AVST"


@pytest.fixture
def compared(fake):
    """Test set with a run for each share of right answers; the last is the baseline where asked for."""

    def make(*shares, with_baseline=False, **add):
        sweep = fake()
        for number, share in enumerate(shares):
            config = sweep.config(weight=number / 10, norm="pre", seed=0)
            if with_baseline and number == len(shares) - 1:
                config["model"] = {"_target_": AVST, "dim": 512}
            marks = np.arange(len(sweep.categories)) % 100 < 100 * share
            sweep.add(f"r{number}", config=config, marks=marks, **{"predictions": "with prior", **add})
        (test_set,) = sets_of(collect([sweep.write()]).results)
        return test_set

    return make


def test_marks_are_the_significant_differences_to_the_chosen_row(compared):
    test_set = compared(0.9, 0.5, 0.895)
    assert reference_row(test_set) is test_set.configurations[0]
    marks = cell_marks(test_set)
    assert [row[OVERALL].side for row in marks] == [0, -1, 0]
    for column in columns_tested(MUSIC_AVQA):
        found = differences(test_set.configurations[0], test_set.configurations[1:], column)
        assert [row[column.metric].side != 0 for row in marks[1:]] == [one.is_significant for one in found]
    assert all(row[OVERALL].gains for row in marks[::2])
    assert "above or below that of KL weight 0, the configuration chosen on val" in how_tested(test_set)


def test_the_baseline_is_the_reference_where_it_was_trained(compared):
    test_set = compared(0.9, 0.2, 0.5, with_baseline=True)
    assert [row[OVERALL].side for row in cell_marks(test_set)] == [1, -1, 0]
    assert ", the baseline." in how_tested(test_set)
    (statement,) = opponents(test_set)
    assert statement.lead == "It beats the baseline AVST, trained here, as far as one seed can tell."


def test_a_chosen_baseline_is_said_to_be_one(compared):
    (statement,) = opponents(compared(0.2, 0.5, with_baseline=True))
    assert statement.lead == "The chosen configuration is the baseline, AVST."


def test_a_gain_that_is_chance_has_no_mark(fake):
    sweep = fake()
    marks = sweep.prior.copy()
    marks[:3] = True
    sweep.add("a", marks=marks, predictions="with prior")
    (test_set,) = sets_of(collect([sweep.write()]).results)
    assert not any(mark.gains for mark in cell_marks(test_set)[0].values())


def test_unweighted_means_and_runs_without_predictions_are_not_tested(compared):
    assert not [column for column in columns_tested(MUSIC_AVQA) if "mean_of" in column.metric]
    test_set = compared(0.9, 0.2, predictions="without")
    assert not any(mark.side or mark.gains for row in cell_marks(test_set) for mark in row.values())
    assert how_tested(test_set).startswith("No difference is marked as significant")


def test_the_published_baseline_is_compared_on_the_official_split(fake):
    sweep = fake(totals=fake().official)
    sweep.add("a", skill=0.9)
    (test_set,) = sets_of(collect([sweep.write()]).results)
    (statement,) = opponents(test_set)
    assert statement.lead == "Its accuracy lies above the published AVST's (CVPR 2022)."
    assert "The paper prints 71.5%, weighted as here" in statement.text
    assert "as if unpaired" in statement.text
