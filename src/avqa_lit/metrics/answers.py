"""Counts of right answers, exact on any number of processes."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torchmetrics import Metric


class AnswerCounts(NamedTuple):
    """Whole numbers over all processes.

    Attributes:
        correct: right answers by category, in the order of the taxonomy.
        total: questions by category.
        confusion: questions by true label (row) and predicted label (column).
    """

    correct: Int64[Tensor, " category"]
    total: Int64[Tensor, " category"]
    confusion: Int64[Tensor, "label label"]


class AnswerMetrics(Metric):
    """Counts right answers by category and confusions by label.

    All states are integers that are summed over processes, so the result does not depend on how many
    processes share the questions, nor on their order. An update neither waits for the device nor talks
    to other processes.

    Args:
        labels: answers of the vocabulary and those that only evaluation splits have; at least 2.
        categories: how many the taxonomy has.
    """

    full_state_update = False
    higher_is_better = True
    correct: Tensor
    total: Tensor
    confusion: Tensor

    def __init__(self, *, labels: int, categories: int) -> None:
        super().__init__()
        self.labels = labels
        for state, shape in (("correct", categories), ("total", categories), ("confusion", labels**2)):
            self.add_state(state, torch.zeros(shape, dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        prediction: Int64[Tensor, " batch"],
        answer: Int64[Tensor, " batch"],
        category: Int64[Tensor, " batch"],
        weight: Float[Tensor, " batch"],
    ) -> None:
        """Count the questions whose weight is above 0.

        Args:
            prediction: predicted labels.
            answer: true labels; one that train has not is never predicted, so it counts as wrong.
            category: places in the taxonomy.
            weight: 0 for a stand-in that is not a question.
        """
        counted = (weight > 0).to(torch.int64)
        self.total.index_add_(0, category, counted)
        self.correct.index_add_(0, category, counted * (prediction == answer))
        self.confusion.index_add_(0, answer * self.labels + prediction, counted)

    def compute(self) -> AnswerCounts:
        """The counts over all processes."""
        return AnswerCounts(self.correct, self.total, self.confusion.reshape(self.labels, self.labels))
