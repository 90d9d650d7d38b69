"""Where a model looked and listened for each question: attention.npz."""

from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float16, Float32, Int64

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import DataError

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
        DataError: no such file, or one that is not whole.
    """
    try:
        # numpy leaves a file open that it opens itself and cannot read
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return Attention(**{name: file[name] for name in ARRAYS})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: expected the attention of a run ({error}); evaluate its checkpoint with attention=true"
        ) from error
