import numpy as np
import pytest
from sklearn.metrics import classification_report

from avqa_lit.report.answer_scores import MOST_DRAWN, answer_scores
from avqa_lit.report.templates import template_listing
from avqa_lit.taxonomy import MUSIC_AVQA


def sheet(truths, predictions, *, category="visual/counting", template="t", **more):
    return [
        {"answer": truth, "prediction": prediction, "category": category, "template": template}
        | {name: values[place] for name, values in more.items()}
        for place, (truth, prediction) in enumerate(zip(truths, predictions, strict=True))
    ]


def random_sheets(labels, *, questions=397, runs=1, seed=5):
    rng = np.random.default_rng(seed)
    truths = [str(one) for one in rng.choice(labels, questions)]
    return [sheet(truths, [str(one) for one in rng.choice(labels, questions)]) for _ in range(runs)]


def test_the_report_by_answer_is_sklearns():
    (rows,) = random_sheets(["one", "two", "three", "four", "five"])
    truths, predictions = ([row[name] for row in rows] for name in ("answer", "prediction"))
    expected = classification_report(truths, predictions, output_dict=True, zero_division=0)
    *answers, macro, weighted = answer_scores([rows], MUSIC_AVQA).listing().rows
    for name, support, given, recall, precision, f1 in answers:
        assert (support, given) == (expected[name]["support"], predictions.count(name))
        scores = [expected[name][one] for one in ("recall", "precision", "f1-score")]
        assert [recall, precision, f1] == pytest.approx(scores)
    for row, name in ((macro, "macro avg"), (weighted, "weighted avg")):
        scores = [expected[name][one] for one in ("recall", "precision", "f1-score")]
        assert list(row[3:]) == pytest.approx(scores)


def test_runs_are_counted_together_and_questions_once():
    sheets = random_sheets(["yes", "no"], questions=101, runs=3)
    scores = answer_scores(sheets, MUSIC_AVQA)
    assert scores.confusion.sum() == 303
    rows = scores.listing().rows
    assert sum(row[1] for row in rows[:2]) == 101
    right = sum(row["answer"] == row["prediction"] for one in sheets for row in one)
    assert rows[-1][3] == pytest.approx(right / 303)


def test_answers_stand_by_category_and_then_by_how_often_they_are_true():
    rows = sheet(["left", "right", "right"], ["left", "left", "up"], category="visual/location")
    rows += sheet(["two", "one", "one"], ["one", "one", "one"], category="audio/counting")
    assert answer_scores([rows], MUSIC_AVQA).labels == ("one", "two", "right", "left", "up")


def test_rows_of_the_confusion_are_shares_of_a_truth():
    grid = answer_scores(
        [sheet(["yes", "yes", "yes", "no"], ["yes", "no", "no", "no"])], MUSIC_AVQA
    ).heat_map()
    assert grid.row_names == ["yes", "no"]
    assert grid.shades == [[pytest.approx(1 / 3), pytest.approx(2 / 3)], [None, 1.0]]
    assert grid.texts == [["33", "67"], ["", "100"]]


def test_rare_answers_are_drawn_together_and_no_count_is_lost():
    labels = [f"answer {number}" for number in range(61)]
    scores = answer_scores(random_sheets(labels, questions=997), MUSIC_AVQA)
    grid = scores.heat_map()
    assert len(grid.row_names) == MOST_DRAWN
    assert grid.row_names[-1] == "all others"
    assert [sum(one or 0 for one in row) for row in grid.shades] == pytest.approx([1] * MOST_DRAWN)


def test_templates_have_their_accuracy_over_runs_beside_the_prior():
    first = sheet("aab", "abb", prior="aaa", template="What is <it>?")
    second = sheet("aab", "aab", prior="aaa", template="What is <it>?")
    other = sheet("c", "c", category="audio/counting", template="How many?")
    (heard, seen) = template_listing([first + other, second + other], MUSIC_AVQA).rows
    assert heard == ("How many?", "A-Count", 1, 1.0, None, None)
    assert seen[:3] == ("What is <it>?", "V-Count", 3)
    assert seen[3:] == pytest.approx((5 / 6, 2 / 3, 1 / 6))
