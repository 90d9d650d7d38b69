"""How the learning rate changes over a run, as a factor of the optimizer's own."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from avqa_lit.errors import ConfigError
from avqa_lit.ranges import BelowOne, Chance, Count, Factor, Index

SchedulerConfig = dict[str, Any]


@dataclass(frozen=True)
class Constant:
    """The optimizer's learning rate throughout."""

    def configure(self, optimizer: Optimizer, *, steps: int, monitor: str) -> SchedulerConfig | None:
        """Nothing for Lightning to step."""
        return None


@dataclass(frozen=True, kw_only=True)
class Step:
    r"""A cut by a factor every so many epochs.

    .. math:: \eta(e) = \eta_0 \, \gamma^{\lfloor e / k \rfloor}

    Attributes:
        every: epochs k between cuts, at least 1.
        factor: :math:`\gamma` of each cut, above 0 and below 1.
    """

    every: Count
    factor: Factor

    def __post_init__(self) -> None:
        _check("every", self.every, int, lambda value: value >= 1, "a whole number of epochs, at least 1")
        _check_factor(self.factor)

    def configure(self, optimizer: Optimizer, *, steps: int, monitor: str) -> SchedulerConfig:
        """Lightning's description of the schedule, stepped every epoch."""
        return _by_factor(optimizer, lambda epoch: self.factor ** (epoch // self.every), interval="epoch")


@dataclass(frozen=True, kw_only=True)
class Cosine:
    r"""Half a cosine from the optimizer's learning rate to a floor, step by step.

    .. math:: \eta(s) = \eta_0 \left[f + (1 - f)\,\tfrac12 \left(1 + \cos \pi \tfrac{s}{S}\right)\right]

    with S the optimizer steps of the run, after which the floor stays.

    References:
        SGDR: Stochastic Gradient Descent with Warm Restarts (Loshchilov and Hutter, 2017),
        https://arxiv.org/abs/1608.03983, without its restarts.

    Attributes:
        floor: share f of the learning rate that is left at the end, from 0 to 1.
    """

    floor: Chance

    def __post_init__(self) -> None:
        _check_floor(self.floor)

    def configure(self, optimizer: Optimizer, *, steps: int, monitor: str) -> SchedulerConfig:
        """Lightning's description of the schedule, stepped every optimizer step."""
        return _by_factor(optimizer, lambda step: _half_cosine(step / steps, self.floor), interval="step")


@dataclass(frozen=True, kw_only=True)
class WarmupCosine:
    r"""A linear rise over the first W steps, then half a cosine to a floor.

    .. math:: \eta(s) = \eta_0 \tfrac{s + 1}{W + 1} \quad (s < W), \qquad
        \eta(s) = \eta_0 \left[f + (1 - f)\,\tfrac12 \left(1 + \cos \pi \tfrac{s - W}{S - W}\right)\right]

    The first step already learns, and the full rate is met once, at s = W.

    Attributes:
        warmup: share W / S of the run's steps, from 0 to below 1.
        floor: share f of the learning rate that is left at the end, from 0 to 1.
    """

    warmup: BelowOne
    floor: Chance

    def __post_init__(self) -> None:
        _check("warmup", self.warmup, int | float, lambda value: 0 <= value < 1, "a share from 0 to below 1")
        _check_floor(self.floor)

    def configure(self, optimizer: Optimizer, *, steps: int, monitor: str) -> SchedulerConfig:
        """Lightning's description of the schedule, stepped every optimizer step."""
        rise = math.floor(self.warmup * steps)

        def factor(step: int) -> float:
            if step < rise:
                return (step + 1) / (rise + 1)
            return _half_cosine((step - rise) / (steps - rise), self.floor)

        return _by_factor(optimizer, factor, interval="step")


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """A cut by a factor when the monitored validation value has not improved for some validated epochs.

    Attributes:
        factor: of each cut, above 0 and below 1.
        patience: validated epochs without improvement that are let pass; the next one cuts.
    """

    factor: Factor
    patience: Index

    def __post_init__(self) -> None:
        _check_factor(self.factor)
        _check(
            "patience", self.patience, int, lambda value: value >= 0, "a whole number of epochs, 0 or more"
        )

    def configure(self, optimizer: Optimizer, *, steps: int, monitor: str) -> SchedulerConfig:
        """Lightning's description of the schedule."""
        mode: Literal["min", "max"] = "min" if should_fall(monitor) else "max"
        scheduler = ReduceLROnPlateau(
            optimizer, mode=mode, factor=self.factor, patience=self.patience, threshold=0.0
        )
        return {"scheduler": scheduler, "interval": "epoch", "monitor": monitor}


def should_fall(metric: str) -> bool:
    """Whether less of a metric is better: a loss is to fall, anything else to rise.

    Example:
        >>> should_fall("val/loss/kl"), should_fall("val/acc/overall")
        (True, False)
    """
    return "loss" in metric.split("/")


def _by_factor(
    optimizer: Optimizer, factor: Callable[[int], float], *, interval: Literal["step", "epoch"]
) -> SchedulerConfig:
    return {"scheduler": LambdaLR(optimizer, factor), "interval": interval}


def _half_cosine(progress: float, floor: float) -> float:
    return floor + (1 - floor) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2


def _check(
    name: str, value: object, kind: type | UnionType, within: Callable[[Any], bool], expected: str
) -> None:
    if not isinstance(value, kind) or not within(value):
        raise ConfigError(f"schedule.{name} is {value!r}, expected {expected}")


def _check_factor(factor: float) -> None:
    _check("factor", factor, int | float, lambda value: 0 < value < 1, "a number above 0 and below 1")


def _check_floor(floor: float) -> None:
    _check("floor", floor, int | float, lambda value: 0 <= value <= 1, "a share of optimizer.lr from 0 to 1")
