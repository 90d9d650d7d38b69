"""Means of losses over questions, equal on any number of processes."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist
from torchmetrics import Metric

from avqa_lit.batch import Batch


class LossMeter(Metric):
    """Mean loss a question, in sum and per term, and the share of right answers.

    Each process adds its share of a step's loss; shares and questions are summed over processes before
    they are divided, so that no mean of means is taken.

    Args:
        names: loss terms.
    """

    full_state_update = False
    sums: Tensor
    questions: Tensor
    correct: Tensor

    def __init__(self, *, names: Sequence[str]) -> None:
        super().__init__()
        self.names = ("loss", *(f"loss/{name}" for name in names))
        size = len(self.names)
        for state, dtype in (("sums", torch.float32), ("questions", torch.int64)):
            self.add_state(state, torch.zeros(size, dtype=dtype), dist_reduce_fx="sum")
        self.add_state("correct", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self, loss: Tensor, terms: Mapping[str, Tensor], logits: Float[Tensor, "batch answer"], batch: Batch
    ) -> None:
        """Add this process's share of one step."""
        here = batch.weight.sum().to(torch.int64)
        for index, value in enumerate((loss.detach(), *(terms.get(name[5:]) for name in self.names[1:]))):
            if value is not None:
                self.sums[index] += value.detach() * batch.total
                self.questions[index] += here
        self.correct += ((logits.argmax(-1) == batch.answer) & (batch.weight > 0)).sum()

    def compute(self) -> dict[str, float]:
        """Means by name, and ``acc/overall``; a term that was never evaluated is left out."""
        means = {
            name: (self.sums[index] / self.questions[index]).item()
            for index, name in enumerate(self.names)
            if self.questions[index] > 0
        }
        if self.questions[0] > 0:
            means["acc/overall"] = (self.correct / self.questions[0]).item()
        return means

    def shares(self) -> list[dict[str, Tensor]]:
        """What each process has added since the last reset, kept apart: a sum depends on its order."""
        mine = {name: getattr(self, name).detach().cpu() for name in ("sums", "questions", "correct")}
        if not (dist.is_available() and dist.is_initialized()):
            return [mine]
        everyone: list[dict[str, Tensor]] = [{} for _ in range(dist.get_world_size())]
        dist.all_gather_object(everyone, mine)
        return everyone

    def take_up(self, shares: Sequence[Mapping[str, Tensor]], *, rank: int, world_size: int) -> None:
        """Add this process's part of earlier `shares`, all of which some process takes up."""
        for share in shares[rank::world_size]:
            for name, value in share.items():
                setattr(self, name, getattr(self, name) + value.to(self.device))
