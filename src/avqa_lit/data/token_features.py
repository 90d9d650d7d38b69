"""Features of the words of questions, encoded once for each distinct text of a store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from avqa_lit.artifacts.array_files import map_array, read_array
from avqa_lit.batch import QUESTION
from avqa_lit.data.text_cache import REMEDY, features_file, kept, save
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
    """Vectors of every text's words.

    Attributes:
        rows: all vectors.
        lengths: number of vectors of each text.
        shared: first row of each text where texts may share their rows; None where their rows follow each
            other.
    """

    rows: Float32[np.ndarray, "row dim"]
    lengths: Int64[np.ndarray, " text"]
    shared: Int64[np.ndarray, " text"] | None = None

    @cached_property
    def _firsts(self) -> Int64[np.ndarray, " text"]:
        if self.shared is not None:
            return self.shared
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


def token_features(
    folder: Path, texts: Sequence[str], encoder: TokenEncoder, *, text: str = QUESTION
) -> TokenFeatures:
    """Vectors of the words of `texts` from the cache in `folder`, which is filled where it has none.

    Where the folder cannot be written, they are encoded each time.

    Args:
        folder: folder of the store.
        texts: texts in the store's order.
        encoder: gives the vectors.
        text: which text of a question these are; each has files of its own.

    Raises:
        DataError: the encoder gives, or the cache holds, something else.
    """
    files = [features_file(folder, kind, encoder.name, text=text) for kind in ("tokens", "token_lengths")]
    return kept_tokens(files, make=lambda: _encode(encoder, texts), texts=len(texts))


def kept_tokens(files: Sequence[Path], *, make: Callable[[], TokenFeatures], texts: int) -> TokenFeatures:
    """What files hold of the tokens of so many texts; made where one is missing or damaged.

    Args:
        files: of the vectors, of the lengths, and of the first rows where texts share theirs.
        make: the vectors.
        texts: number of texts.

    Raises:
        DataError: the files hold something else.
    """
    path, *columns = files

    def write(features: TokenFeatures) -> None:
        for file, column in zip(columns, (features.lengths, features.shared), strict=False):
            assert column is not None
            save(file, column)
        save(path, features.rows)

    def read() -> TokenFeatures:
        features = TokenFeatures(
            map_array(path, remedy=REMEDY), *(read_array(file, remedy=REMEDY) for file in columns)
        )
        if not _fit(features, texts):
            raise DataError(
                f"{path}: found vectors of shape {list(features.rows.shape)} for {features.lengths.size} "
                f"texts, expected one vector a token for {texts} texts; {REMEDY}"
            )
        return features

    return kept(files, make=make, write=write, read=read)


def _fit(features: TokenFeatures, texts: int) -> bool:
    """Whether arrays of a cache fit each other, and so many texts."""
    rows, lengths, shared = features.rows, features.lengths, features.shared
    if rows.ndim != 2 or lengths.shape != (texts,) or lengths.dtype != np.int64 or (lengths < 0).any():
        return False
    if shared is None:
        return int(lengths.sum()) == len(rows)
    if shared.shape != lengths.shape or shared.dtype != np.int64:
        return False
    return bool((shared >= 0).all() and (shared <= len(rows) - lengths).all())


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
