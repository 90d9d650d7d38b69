"""Question features, encoded once for each distinct text of a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32

from avqa_lit.artifacts.array_files import read_array
from avqa_lit.batch import QUESTION
from avqa_lit.data.text_cache import REMEDY, features_file, kept, save
from avqa_lit.errors import DataError


@runtime_checkable
class QuestionEncoder(Protocol):
    """Turns question texts into one vector each."""

    @property
    def name(self) -> str:
        """Key under which a store keeps the vectors; differs wherever they do."""

    def encode(self, texts: Sequence[str]) -> Float[np.ndarray, "text dim"]:
        """One vector for each text."""


def text_features(
    folder: Path, texts: Sequence[str], encoder: QuestionEncoder, *, text: str = QUESTION
) -> Float32[np.ndarray, "text dim"]:
    """Features of `texts` from the cache in `folder`, which is filled where it has none of this encoder.

    Where the folder cannot be written, they are encoded each time.

    Args:
        folder: folder of the store.
        texts: texts in the store's order.
        encoder: gives the vectors.
        text: which text of a question these are; each has files of its own.

    Raises:
        DataError: the encoder gives, or the cache holds, something else than one finite vector for each text.
    """
    path = features_file(folder, "text", encoder.name, text=text)
    return kept(
        [path],
        make=lambda: _encode(encoder, texts),
        write=lambda features: save(path, features),
        read=lambda: _checked(read_array(path, remedy=REMEDY), texts, where=str(path), remedy=REMEDY),
    )


def _encode(encoder: QuestionEncoder, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
    features = np.asarray(encoder.encode(texts), np.float32)
    return _checked(features, texts, where=f"question encoder {encoder.name}", remedy="mend its encode()")


def _checked(features: np.ndarray, texts: Sequence[str], *, where: str, remedy: str) -> np.ndarray:
    shape, kind = features.shape, features.dtype.kind
    if len(shape) != 2 or shape[0] != len(texts) or kind != "f" or not np.isfinite(features).all():
        raise DataError(
            f"{where}: found features of shape {list(features.shape)}, expected one finite vector "
            f"for each of {len(texts)} texts; {remedy}"
        )
    return features
