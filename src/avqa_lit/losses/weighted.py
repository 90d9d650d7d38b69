"""A weighted sum of loss terms."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.errors import ConfigError


class WeightedLosses(nn.Module):
    """The sum of a model's loss terms, each with a weight and the epoch from which it counts.

    A term is a module called with a `ModelOutput` and a `Batch` that returns a scalar; its class declares
    what it reads of them (`avqa_lit.needs.LossNeeds`). A term of weight 0 is not kept, so it costs nothing.

    Args:
        terms: terms by name.
        weights: weight of each term, finite and not negative; at least one is positive.
        start_epochs: first epoch, counted from 0, in which each term is evaluated; at least one term of
            positive weight starts at 0.
    """

    def __init__(
        self,
        terms: Mapping[str, nn.Module],
        *,
        weights: Mapping[str, float],
        start_epochs: Mapping[str, int],
    ) -> None:
        super().__init__()
        for name in terms:
            _check(name, weights[name], start_epochs[name])
        active = [name for name in terms if weights[name] > 0]
        if not any(start_epochs[name] == 0 for name in active):
            raise ConfigError(
                f"no loss term counts in epoch 0: of {', '.join(terms) or 'none'}, at least one must have "
                "a positive weight and start_epoch 0; try loss.answer.weight=1 loss.answer.start_epoch=0"
            )
        self.terms = nn.ModuleDict({name: terms[name] for name in active})
        self.weights = {name: float(weights[name]) for name in active}
        self.start_epochs = {name: start_epochs[name] for name in active}

    @property
    def names(self) -> tuple[str, ...]:
        """Terms of positive weight, in the order given."""
        return tuple(self.weights)

    def forward(
        self, output: ModelOutput, batch: Batch, *, epoch: int | None = None
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """The weighted sum, to be differentiated, and each evaluated term without its weight, detached.

        Args:
            output: what the model gives.
            batch: what the model was given.
            epoch: leaves out the terms that start later; None takes them all.
        """
        values = {
            name: term(output, batch)
            for name, term in self.terms.items()
            if epoch is None or epoch >= self.start_epochs[name]
        }
        total = torch.stack([self.weights[name] * value for name, value in values.items()]).sum()
        return total, {name: value.detach() for name, value in values.items()}


def _check(name: str, weight: float, start_epoch: int) -> None:
    if not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise ConfigError(f"loss.{name}.weight is {weight!r}, expected a finite number, 0 (off) or more")
    if not isinstance(start_epoch, int) or start_epoch < 0:
        raise ConfigError(
            f"loss.{name}.start_epoch is {start_epoch!r}, expected a whole number, 0 (from the start) or more"
        )
