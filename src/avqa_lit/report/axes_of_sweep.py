"""Which of the keys that differ is the axis of the sweep's figure, and which one groups its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from avqa_lit.artifacts.differences import KL_WEIGHT, canonical, is_number, key_name, value_name
from avqa_lit.report.configurations import Configuration, TestSet, best_on_val


@dataclass(frozen=True)
class SweepAxes:
    """How configurations are laid out in a figure.

    Attributes:
        axis: key along the axis.
        group: key that tells the lines apart; None where one key is all that differs.
        others: keys that differ as well; at each place stands the configuration that is best on val.
        values: of the axis, in order.
        is_numeric: whether the values have an order of their own, so that a line may join them.
    """

    axis: str
    group: str | None
    others: tuple[str, ...]
    values: tuple[Any, ...]
    is_numeric: bool

    def series(self, test_set: TestSet) -> list[tuple[str, list[tuple[int, Configuration]]]]:
        """Lines: their names, and at which place of the axis which configuration stands."""
        places = {canonical(value): place for place, value in enumerate(self.values)}
        lines: dict[str, dict[int, list[Configuration]]] = {}
        for one in test_set.configurations:
            name = f"{key_name(self.group)} {value_name(one.setting(self.group))}" if self.group else ""
            place = places[canonical(one.setting(self.axis))]
            lines.setdefault(name, {}).setdefault(place, []).append(one)
        return [
            (name, [(place, best_on_val(here) or here[0]) for place, here in sorted(line.items())])
            for name, line in lines.items()
        ]


def sweep_axes(test_set: TestSet) -> SweepAxes | None:
    """The KL weight if it differs, else the number with the most values, else the key with the most values.

    None where no key differs.
    """
    if not test_set.keys:
        return None
    values = {key: _values(key, test_set.configurations) for key in test_set.keys}
    numeric = {key: all(is_number(value) for value in values[key]) for key in test_set.keys}
    axis = max(
        test_set.keys, key=lambda key: (numeric[key] and key == KL_WEIGHT, numeric[key], len(values[key]))
    )
    rest = [key for key in test_set.keys if key != axis]
    group = min(rest, key=lambda key: (numeric[key], len(values[key])), default=None)
    return SweepAxes(
        axis=axis,
        group=group,
        others=tuple(key for key in rest if key != group),
        values=tuple(sorted(values[axis])) if numeric[axis] else tuple(values[axis]),
        is_numeric=numeric[axis],
    )


def _values(key: str, configurations: Sequence[Configuration]) -> list[Any]:
    return list({canonical(one.setting(key)): one.setting(key) for one in configurations}.values())
