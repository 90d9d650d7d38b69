"""Features in the precision of a store."""

from typing import Literal

import numpy as np
from jaxtyping import Float

from avqa_lit.errors import DataError

StoredDtype = Literal["float16", "float32"]
# Share of the nonzero values of a file that may become zero in a store.
MOST_LOST = 0.01


def to_stored(
    values: Float[np.ndarray, "time *row"], *, dtype: StoredDtype, where: str, stride: int = 1
) -> Float[np.ndarray, "kept *row"]:
    """Every `stride`-th row in the precision of a store.

    Raises:
        DataError: a row with a value that is not finite, or that `dtype` cannot hold, or more than
            `MOST_LOST` of the values too small for `dtype`.
    """
    kept = values[::stride]
    with np.errstate(over="ignore", under="ignore"):
        stored = np.ascontiguousarray(kept, dtype=dtype)
    if not np.isfinite(stored).all():
        place = int(np.argmin(np.isfinite(stored).reshape(len(stored), -1).all(axis=1)))
        row = place * stride
        value = float(values[row].reshape(-1)[np.argmin(np.isfinite(stored[place]))])
        if not np.isfinite(value):
            raise DataError(f"{where}: row {row} holds {value}, expected finite numbers; extract it again")
        remedy = "pack with data.dtype=float32" if dtype == "float16" else "scale the features"
        raise DataError(
            f"{where}: row {row} holds {value:g}, which {dtype} cannot hold "
            f"(at most {float(np.finfo(dtype).max):g}); {remedy}"
        )
    _check_small(kept, stored, where=where)
    return stored


def _check_small(
    values: Float[np.ndarray, "time *row"], stored: Float[np.ndarray, "time *row"], *, where: str
) -> None:
    """Refuse values that became zero in the precision of a store.

    Raises:
        DataError: the share of them, and the remedy.
    """
    if values.dtype == stored.dtype:
        return
    nonzero = np.count_nonzero(values)
    lost = nonzero - np.count_nonzero(stored)
    if lost > MOST_LOST * nonzero:
        remedy = "pack with data.dtype=float32" if stored.dtype == np.float16 else "scale the features"
        smallest, largest = float(np.finfo(stored.dtype).smallest_subnormal), float(np.abs(values).max())
        raise DataError(
            f"{where}: {lost / nonzero:.0%} of its nonzero values become zero in {stored.dtype}, which holds "
            f"nothing between 0 and {smallest:.1g} (the largest is {largest:.2g}); {remedy}"
        )
