"""Question features, encoded once for each distinct text of a store."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from filelock import FileLock
from jaxtyping import Float, Float32

from avqa_lit.artifacts.atomic import replacing
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
    folder: Path, texts: Sequence[str], encoder: QuestionEncoder
) -> Float32[np.ndarray, "text dim"]:
    """Features of `texts` from the cache in `folder`, which is filled where it has none of this encoder.

    Where the folder cannot be written, they are encoded each time.

    Raises:
        DataError: the encoder gives, or the cache holds, something else than one finite vector for each text.
    """
    if not re.fullmatch(r"[\w.-]+", encoder.name):
        raise DataError(
            f"question encoder {encoder.name!r}: its name names a file, expected letters, digits, . _ -"
        )
    path = folder / f"text_{encoder.name}.npy"
    if path.exists():
        return _read(path, texts)
    try:
        with FileLock(folder / f".{path.name}.lock"):
            if not path.exists():
                with replacing(path) as temporary, temporary.open("wb") as file:
                    np.save(file, _encode(encoder, texts), allow_pickle=False)
        return _read(path, texts)
    except OSError:  # a store that others own, or on a read-only disk
        return _encode(encoder, texts)


def _encode(encoder: QuestionEncoder, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
    features = np.asarray(encoder.encode(texts), np.float32)
    _check(features, texts, where=f"question encoder {encoder.name}", remedy="mend its encode()")
    return features


def _read(path: Path, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
    try:
        features: np.ndarray = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}); delete this file, it is made again") from error
    _check(features, texts, where=str(path), remedy="delete this file, it is made again")
    return features


def _check(features: np.ndarray, texts: Sequence[str], *, where: str, remedy: str) -> None:
    if features.ndim != 2 or len(features) != len(texts) or not np.isfinite(features).all():
        raise DataError(
            f"{where}: found features of shape {list(features.shape)}, expected one finite vector "
            f"for each of {len(texts)} texts; {remedy}"
        )
