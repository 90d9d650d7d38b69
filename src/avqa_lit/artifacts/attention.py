"""Where a model looked and listened for each question: attention.npz."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float16, Float32, Int64

from avqa_lit.artifacts.array_files import read_archive
from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError

REMEDY = "evaluate the checkpoint of the run with attention=true"
ARRAYS = ("row", "audio", "visual", "audio_seconds", "visual_seconds")


@dataclass(frozen=True)
class Attention:
    """Shares of the last block's attention, mean of its heads, which sum to 1 over both modalities.

    Attributes:
        row: row of each question in its split, in order.
        audio: share of each audio row; NaN beyond the end of the question's audio. Without columns where the
            model hears nothing, or has no attention.
        visual: share of each visual row, patches summed, likewise.
        audio_seconds: time at which each audio row starts, in seconds.
        visual_seconds: time at which each visual row starts.
    """

    row: Int64[np.ndarray, " question"]
    audio: Float16[np.ndarray, "question audio_time"]
    visual: Float16[np.ndarray, "question visual_time"]
    audio_seconds: Float32[np.ndarray, " audio_time"]
    visual_seconds: Float32[np.ndarray, " visual_time"]


def write_attention(path: Path, attention: Attention) -> None:
    """Write attention.npz, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **asdict(attention))


def read_attention(path: Path) -> Attention:
    """The attention that a run left in `path`; nothing is unpickled.

    Raises:
        DataError: no such file, one that is not whole, or arrays that do not fit each other.
    """
    attention = Attention(**read_archive(path, ARRAYS, remedy=REMEDY))
    tracks = (attention.audio, attention.audio_seconds), (attention.visual, attention.visual_seconds)
    if (
        attention.row.ndim != 1
        or attention.row.dtype.kind != "i"
        or not all(_fits(*track, questions=len(attention.row)) for track in tracks)
    ):
        raise DataError(f"{path}: expected shares of attention of every question at rising times; {REMEDY}")
    return attention


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
