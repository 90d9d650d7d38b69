import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report as sklearn_report
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from avqa_lit.metrics.classification import classification_report

LABELS = 7


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, LABELS - 1), st.integers(0, LABELS - 1)), min_size=1, max_size=40))
def test_scores_equal_those_of_scikit_learn(pairs):
    truth, prediction = zip(*pairs, strict=True)
    report = classification_report(confusion_matrix(truth, prediction, labels=range(LABELS)))
    *scores, support = precision_recall_fscore_support(truth, prediction, zero_division=0)
    assert report.label.tolist() == sorted({*truth, *prediction})
    np.testing.assert_allclose([report.precision, report.recall, report.f1], scores, rtol=1e-15)
    assert report.support.tolist() == support.tolist()

    expected = sklearn_report(truth, prediction, output_dict=True, zero_division=0)
    for key, value in report.averages().items():
        score, kind = key.split("/")
        name = {"precision": "precision", "recall": "recall", "f1": "f1-score"}[score]
        assert value == pytest.approx(expected[f"{kind} avg"][name], rel=1e-12)
    assert len(report.averages()) == 6


def test_a_label_that_is_never_predicted_or_never_true_scores_zero():
    report = classification_report(np.array([[0, 3, 0], [0, 2, 0], [0, 0, 0]]))
    assert report.label.tolist() == [0, 1]
    assert report.precision.tolist() == [0.0, 0.4]
    assert report.recall.tolist() == [0.0, 1.0]
    assert report.f1.tolist() == [0.0, 4 / 7]


def test_without_questions_there_is_no_average():
    assert classification_report(np.zeros((3, 3), dtype=np.int64)).averages() == {}
