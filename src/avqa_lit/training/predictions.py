"""Predictions of a split, gathered from all processes in annotation order."""

import torch
from torch import Tensor

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.training.gather import gathered


class PredictionCollector:
    """Keeps each question's most probable answers.

    Args:
        top: how many answers to keep.
    """

    def __init__(self, *, top: int = 5) -> None:
        self.top = top
        self._parts: list[tuple[Tensor, Tensor, Tensor]] = []

    def update(self, output: ModelOutput, batch: Batch) -> None:
        """Add the questions of one batch."""
        kept = batch.weight > 0
        logits = output.logits[kept].float()
        # Of equals the first, as accuracy counts it: in bfloat16 they are common.
        best = logits.sort(dim=-1, descending=True, stable=True).indices[:, : self.top]
        probabilities = logits.softmax(dim=-1).gather(1, best)
        self._parts.append((batch.row[kept].cpu(), best.cpu(), probabilities.cpu()))

    def gathered(self) -> tuple[Tensor, Tensor, Tensor]:
        """Rows in order with their answers and probabilities, ``[question]``, ``[question, top]`` twice."""
        parts = gathered(self._parts)
        rows, answers, probabilities = (torch.cat(column) for column in zip(*parts, strict=True))
        order = rows.argsort()
        return rows[order], answers[order], probabilities[order]
