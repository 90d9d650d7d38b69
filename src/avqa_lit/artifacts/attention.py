"""Where a model looked and listened for each question: attention.npz."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float16, Float32, Int64

from avqa_lit.artifacts.array_files import read_archive
from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError

REMEDY = "evaluate the checkpoint of the run with attention=true"
SECONDS = "_seconds"


@dataclass(frozen=True)
class TrackAttention:
    """Attention on the rows of one track.

    Attributes:
        shares: share of each row; NaN beyond the end of the question's track.
        seconds: time at which each row starts, in seconds.
    """

    shares: Float16[np.ndarray, "question time"]
    seconds: Float32[np.ndarray, " time"]


@dataclass(frozen=True)
class Attention:
    """Shares of the last block's attention, mean of its heads, patches summed; they sum to 1 over all tracks.

    Attributes:
        row: row of each question in its split, in order.
        tracks: attention on each track that the model attends, by name; empty for a model without attention.
    """

    row: Int64[np.ndarray, " question"]
    tracks: Mapping[str, TrackAttention]


def write_attention(path: Path, attention: Attention) -> None:
    """Write attention.npz, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        columns = {name: track.shares for name, track in attention.tracks.items()}
        seconds = {f"{name}{SECONDS}": track.seconds for name, track in attention.tracks.items()}
        np.savez_compressed(file, allow_pickle=False, row=attention.row, **columns, **seconds)


def read_attention(path: Path) -> Attention:
    """The attention that a run left in `path`; nothing is unpickled.

    Raises:
        DataError: no such file, one that is not whole, or arrays that do not fit each other.
    """
    arrays = read_archive(path, remedy=REMEDY)
    names = [name.removesuffix(SECONDS) for name in arrays if name.endswith(SECONDS)]
    row = arrays.get("row", np.zeros(()))
    if (
        row.ndim != 1
        or row.dtype.kind != "i"
        or set(arrays) != {"row", *names, *(f"{name}{SECONDS}" for name in names)}
        or not all(_fits(arrays[name], arrays[f"{name}{SECONDS}"], questions=len(row)) for name in names)
    ):
        raise DataError(f"{path}: expected shares of attention of every question at rising times; {REMEDY}")
    return Attention(row, {name: TrackAttention(arrays[name], arrays[f"{name}{SECONDS}"]) for name in names})


def _fits(shares: np.ndarray, seconds: np.ndarray, *, questions: int) -> bool:
    """Whether these can be shares of attention at these times, NaN beyond the end of a question's track."""
    if shares.shape != (questions, *seconds.shape) or shares.ndim != 2:
        return False
    if shares.dtype.kind != "f" or seconds.dtype.kind != "f":
        return False
    missing = np.isnan(shares)
    return bool(
        np.isfinite(seconds).all()
        and (np.diff(seconds) > 0).all()
        and (missing[:, :-1] <= missing[:, 1:]).all()
        and ((shares >= 0) & (shares < 2) | missing).all()
    )
