"""Notices when a training's numbers stop to be finite, without waiting for the device at every step."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from avqa_lit.artifacts.results import Divergence
from avqa_lit.errors import UserError

NEVER = torch.iinfo(torch.int64).max
WEIGHTS = "weights"


class Diverged(UserError):  # noqa: N818 - it is an outcome of the run
    """The training was ended since its numbers were not finite any more."""

    def __init__(self, divergence: Divergence) -> None:
        self.divergence = divergence
        verb = "were" if divergence.quantity == WEIGHTS else "was"
        steps = "1 optimizer step" if divergence.step == 1 else f"{divergence.step} optimizer steps"
        super().__init__(
            f"the training diverged: {divergence.quantity} {verb} not finite after {steps}, in epoch "
            f"{divergence.epoch} (from 0); lower optimizer.lr or a loss weight, or find the operation with "
            "debug=anomaly"
        )


class FiniteLosses(Metric):
    """The first step at which each loss was not finite, over all processes.

    The losses are looked at on the device, by operations of a few numbers; only `compute` waits for them.

    Args:
        names: loss terms.
    """

    full_state_update = False
    first: Tensor

    def __init__(self, *, names: Sequence[str]) -> None:
        super().__init__()
        # The terms before their sum, so that the one that is at fault is named.
        self.names = (*(f"loss/{name}" for name in names), "loss")
        self.terms = tuple(names)
        self.add_state("first", torch.full((len(self.names),), NEVER), dist_reduce_fx="min")

    def update(self, loss: Float[Tensor, ""], terms: Mapping[str, Float[Tensor, ""]], *, step: int) -> None:
        """Look at the losses of one batch.

        Args:
            loss: the sum.
            terms: the terms that were evaluated, by name.
            step: optimizer steps that were done before.
        """
        zero = torch.zeros_like(loss)
        values = torch.stack([*(terms.get(name, zero) for name in self.terms), loss.detach()])
        found = torch.where(values.isfinite(), NEVER, step)
        self.first = torch.minimum(self.first, found)

    def compute(self) -> tuple[int, str] | None:
        """The earliest step and the name of the loss; None while all losses are finite."""
        steps = self.first.tolist()
        step = min(steps)
        return None if step == NEVER else (step, self.names[steps.index(step)])


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether no number is infinite or NaN; waits for the device once."""
    largest = torch.nn.utils.get_total_norm([tensor.detach() for tensor in tensors], math.inf)
    return bool(largest.isfinite())


def anomaly(error: RuntimeError) -> str | None:
    """The operation that autograd's anomaly detection found to give NaN; None for another error.

    Example:
        >>> anomaly(RuntimeError("Function 'LogBackward0' returned nan values in its 0th output."))
        'LogBackward0'
    """
    found = re.match(r"Function '(\w+)' returned nan values in its", str(error))
    return found[1] if found else None
