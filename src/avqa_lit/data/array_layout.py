"""Order of the axes of a feature file, and how it is brought into ours."""

from jaxtyping import Shaped
from numpy import ndarray

from avqa_lit.errors import ConfigError, DataError

# Rows in time, patches of a row, height and width of a map, features (channels).
OURS = ("TC", "TPC", "TCHW")


def check_layout(layout: str, *, of: str) -> None:
    """Refuse what is no order of axes.

    Raises:
        ConfigError: other letters than those of one of `OURS`, beside ones.
    """
    if _ours(layout) is None:
        raise ConfigError(
            f"layout={layout} of {of}: expected the axes of a file in their order: T (rows in time) and C "
            "(features), with P (patches) or with H and W (height and width of a map), and 1 for an axis of "
            "length 1, as in THWC, CT or 1TC"
        )


def _ours(layout: str) -> str | None:
    """The same axes in our order."""
    axes = sorted(layout.replace("1", ""))
    return next((ours for ours in OURS if sorted(ours) == axes), None)


def rows_shape(shape: tuple[int, ...], layout: str | None, *, where: str) -> tuple[int, ...]:
    """Shape of the array with rows first and features behind them, as `OURS`.

    Args:
        shape: of the array in its file.
        layout: order of its axes; None is ours already.
        where: its place, for messages.

    Raises:
        DataError: another number of axes, or an axis that is longer than 1.
    """
    if layout is None:
        return shape
    if len(shape) != len(layout):
        raise DataError(
            f"{where}: shape {list(shape)} has {len(shape)} axes, and layout={layout} describes {len(layout)}"
        )
    for axis, (letter, length) in enumerate(zip(layout, shape, strict=True)):
        if letter == "1" and length != 1:
            raise DataError(
                f"{where}: shape {list(shape)} has length {length} in axis {axis}, which layout={layout} "
                "says is 1"
            )
    return tuple(shape[layout.index(letter)] for letter in _ours(layout) or "")


def in_rows(values: Shaped[ndarray, "..."], layout: str | None) -> Shaped[ndarray, "..."]:
    """The array with rows first; its shape is `rows_shape`."""
    if layout is None:
        return values
    ours = _ours(layout) or ""
    ones = [axis for axis, letter in enumerate(layout) if letter == "1"]
    ordered = values.transpose([*(layout.index(letter) for letter in ours), *ones])
    return ordered.reshape(ordered.shape[: len(ours)])
