"""Products of weights that evaluation asks for in every batch."""

import torch
from torch import Tensor


class KeptProducts:
    """Multiplies pairs of weights and keeps the products until a weight changes.

    Whoever learns asks for products with gradients, and these are not kept but forgotten: fused optimizers
    change weights without a trace. Other changes show in a weight's version, or in where, how and as what it
    is stored; only what `Tensor.data` is written to goes unseen, and is to be forgotten by hand.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], tuple[object, tuple[Tensor, Tensor], Tensor]] = {}

    def __call__(self, left: Tensor, right: Tensor) -> Tensor:
        """``left @ right``."""
        if torch.compiler.is_compiling() or left.is_inference() or right.is_inference():
            return left @ right
        place = id(left), id(right)
        if torch.is_grad_enabled():
            self._kept.pop(place, None)
            return left @ right
        state = _state(left), _state(right), _precision(left)
        if place not in self._kept or self._kept[place][0] != state:
            # With the weights themselves, so that no others take their ids.
            self._kept[place] = state, (left, right), left @ right
        return self._kept[place][-1]

    def forget(self) -> None:
        """Keep nothing any more."""
        self._kept.clear()


def _state(weight: Tensor) -> tuple[object, ...]:
    return weight._version, weight.data_ptr(), weight.dtype, weight.device


def _precision(weight: Tensor) -> torch.dtype:
    """What the product is computed in."""
    kind = weight.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
