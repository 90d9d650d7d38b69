"""Precision, recall and F1 of answers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64


@dataclass(frozen=True)
class ClassificationReport:
    """Scores of each label that occurs as truth or as prediction, and their means.

    Attributes:
        label: labels in increasing order.
        precision: share of a label's predictions that are right; 0 where it is never predicted.
        recall: share of a label's questions that are answered right; 0 where it is never the truth.
        f1: harmonic mean of the two; 0 where both are.
        support: questions whose truth is the label.
    """

    label: Int64[np.ndarray, " label"]
    precision: Float[np.ndarray, " label"]
    recall: Float[np.ndarray, " label"]
    f1: Float[np.ndarray, " label"]
    support: Int64[np.ndarray, " label"]

    def averages(self) -> dict[str, float]:
        """``{precision,recall,f1}/{macro,weighted}``: means over labels, plain and weighted by support.

        Without any question there is nothing to average, and no key.
        """
        if self.label.size == 0:
            return {}
        values = {}
        for name, score in (("precision", self.precision), ("recall", self.recall), ("f1", self.f1)):
            values[f"{name}/macro"] = float(score.mean())
            values[f"{name}/weighted"] = float(np.average(score, weights=self.support))
        return values


def classification_report(confusion: Int64[np.ndarray, "label label"]) -> ClassificationReport:
    r"""Scores from a confusion matrix, whose rows are truths and whose columns are predictions.

    .. math::
        P_k = \frac{C_{kk}}{\sum_i C_{ik}}, \qquad R_k = \frac{C_{kk}}{\sum_j C_{kj}}, \qquad
        F_k = \frac{2 C_{kk}}{\sum_i C_{ik} + \sum_j C_{kj}}

    References:
        scikit-learn's ``precision_recall_fscore_support`` with ``zero_division=0``, which this equals,
        https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_fscore_support.html

    Example:
        >>> report = classification_report(np.array([[2, 1, 0], [0, 1, 0], [0, 0, 0]]))
        >>> report.label.tolist(), report.precision.tolist(), report.support.tolist()
        ([0, 1], [1.0, 0.5], [3, 1])
    """
    truths, predictions = confusion.sum(axis=1), confusion.sum(axis=0)
    label = np.flatnonzero(truths + predictions)
    right, truths, predictions = np.diagonal(confusion)[label], truths[label], predictions[label]
    return ClassificationReport(
        label=label,
        precision=right / np.maximum(predictions, 1),
        recall=right / np.maximum(truths, 1),
        f1=2 * right / (truths + predictions),
        support=truths,
    )
