"""Features of the words of questions, encoded once for each distinct text of a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from avqa_lit.artifacts.array_files import map_array, read_array
from avqa_lit.data.text_cache import REMEDY, checked_name, kept, save
from avqa_lit.errors import DataError


@runtime_checkable
class TokenEncoder(Protocol):
    """A `QuestionEncoder` that can also give a vector for each word, or piece of a word."""

    @property
    def name(self) -> str:
        """Key under which a store keeps the vectors; differs wherever they do."""

    def encode_tokens(self, texts: Sequence[str]) -> Sequence[Float[np.ndarray, "word dim"]]:
        """The vectors of each text in order, all equally wide."""


@dataclass(frozen=True)
class TokenFeatures:
    """Vectors of every text's words, one text after the other.

    Attributes:
        rows: all vectors.
        lengths: number of vectors of each text.
    """

    rows: Float32[np.ndarray, "row dim"]
    lengths: Int64[np.ndarray, " text"]

    @cached_property
    def _firsts(self) -> Int64[np.ndarray, " text"]:
        firsts: np.ndarray = np.cumsum(self.lengths) - self.lengths
        return firsts

    def gather(
        self, texts: Int64[np.ndarray, " batch"]
    ) -> tuple[Float32[np.ndarray, "batch word dim"], Bool[np.ndarray, "batch word"]]:
        """Vectors of the words of each text, zero beyond its end, and where they are real."""
        lengths = self.lengths[texts]
        steps = np.arange(max(1, int(lengths.max(initial=0))))
        mask = steps < lengths[:, None]
        values = np.zeros((*mask.shape, self.rows.shape[1]), np.float32)
        values[mask] = self.rows[(self._firsts[texts][:, None] + steps)[mask]]
        return values, mask


def token_features(folder: Path, texts: Sequence[str], encoder: TokenEncoder) -> TokenFeatures:
    """Vectors of the words of `texts` from the cache in `folder`, which is filled where it has none.

    Where the folder cannot be written, they are encoded each time.

    Args:
        folder: folder of the store.
        texts: texts in the store's order.
        encoder: gives the vectors.

    Raises:
        DataError: the encoder gives, or the cache holds, something else.
    """
    name = checked_name(encoder.name)
    path, lengths = folder / f"tokens_{name}.npy", folder / f"token_lengths_{name}.npy"

    def write(features: TokenFeatures) -> None:
        save(lengths, features.lengths)
        save(path, features.rows)

    def read() -> TokenFeatures:
        features = TokenFeatures(map_array(path, remedy=REMEDY), read_array(lengths, remedy=REMEDY))
        counts = features.lengths
        found = (features.rows.ndim, len(features.rows), counts.size)
        fits = counts.ndim == 1 and counts.dtype == np.int64 and (counts >= 0).all()
        if not fits or found != (2, int(counts.sum()), len(texts)):
            raise DataError(
                f"{path}: found vectors of shape {list(features.rows.shape)} for {found[2]} texts, expected "
                f"one vector a token for {len(texts)} texts; {REMEDY}"
            )
        return features

    return kept([path, lengths], make=lambda: _encode(encoder, texts), write=write, read=read)


def _encode(encoder: TokenEncoder, texts: Sequence[str]) -> TokenFeatures:
    found = [np.asarray(vectors, np.float32) for vectors in encoder.encode_tokens(texts)]
    where = f"question encoder {encoder.name}"
    if len(found) != len(texts):
        raise DataError(f"{where}: encode_tokens() gives {len(found)} arrays for {len(texts)} texts; mend it")
    dim = found[0].shape[-1]
    for text, vectors in zip(texts, found, strict=True):
        if vectors.ndim != 2 or vectors.shape[1] != dim or not np.isfinite(vectors).all():
            raise DataError(
                f"{where}: encode_tokens({text!r}) gives an array of shape {list(vectors.shape)}, expected "
                f"finite vectors {dim} wide, as those of {texts[0]!r}; mend it"
            )
    lengths = np.array([len(vectors) for vectors in found], np.int64)
    return TokenFeatures(np.concatenate(found), lengths)
