"""Question encoder that needs no weights and no download."""

import hashlib
from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np
from jaxtyping import Float, Float32

from avqa_lit.data.vocabulary import split_words
from avqa_lit.ranges import Count


class HashingEncoder:
    r"""Encodes a question as the normalised sum of one fixed random sign vector for each of its features.

    .. math:: e(q) = \frac{\sum_{f \in F(q)} s(f)}{\lVert \sum_{f \in F(q)} s(f) \rVert_2},
        \qquad s(f) \in \{-1, 1\}^{dim}

    The features :math:`F(q)` are every word, every pair of neighbours (the ends of the question count as
    neighbours), and every word with its place counted from the start and from the end. So a linear layer
    can read which word stands where: "left of saxophone" and "saxophone left of" differ. The signs of a
    feature are bits of its SHAKE-128 hash, hence equal on every machine and in every process; sign
    vectors of different features are nearly orthogonal.

    References:
        Database-friendly random projections (Achlioptas, 2003), https://doi.org/10.1016/S0022-0000(03)00025-4
        Feature Hashing for Large Scale Multitask Learning (Weinberger et al., 2009),
        https://arxiv.org/abs/0902.2206: there each feature has one signed place instead of `dim`, so
        that two features can cancel; here none can.

    A word alone is the same sum over the word and its two places, so that a model can read words one by
    one and still tell which stands where.

    Args:
        dim: width of the encoding; 512 is the width of the published AVST code's question feature.

    Example:
        >>> left, right = HashingEncoder().encode(["Is A louder than B?", "Is B louder than A?"])
        >>> bool(left @ right < 0.8)
        True
    """

    def __init__(self, *, dim: Count = 512) -> None:
        if dim < 1:
            raise ValueError(f"dim is {dim}, expected at least 1")
        self.dim = dim

    @property
    def name(self) -> str:
        """Key under which a store keeps these features; changes when they do."""
        return f"hashing_{self.dim}"

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Encoding of each text, of length 1; upper and lower case are the same."""
        return self._sums([_features(text) for text in texts])

    def encode_tokens(self, texts: Sequence[str]) -> list[Float32[np.ndarray, "word dim"]]:
        """Encoding of each word of each text, of length 1."""
        words = [_word_features(text) for text in texts]
        ends = np.cumsum([len(one) for one in words])
        return np.split(self._sums(list(chain.from_iterable(words))), ends[:-1]) if words else []

    def _sums(self, rows: Sequence[Sequence[str]]) -> Float32[np.ndarray, "row dim"]:
        """Normalised sum of the sign vectors of each row's features."""
        signs: dict[str, Float[np.ndarray, " dim"]] = {}
        sums = np.zeros((len(rows), self.dim), np.float32)
        for row, features in enumerate(rows):
            for feature in features:
                if feature not in signs:
                    signs[feature] = self._signs(feature)
                sums[row] += signs[feature]
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        sums /= np.maximum(norms, np.finfo(np.float32).tiny)
        return sums

    def _signs(self, feature: str) -> Float[np.ndarray, " dim"]:
        digest = hashlib.shake_128(feature.encode()).digest(-(-self.dim // 8))
        bits = np.unpackbits(np.frombuffer(digest, np.uint8), count=self.dim)
        return bits.astype(np.float32) * 2 - 1


def _features(text: str) -> list[str]:
    ends = ["^", *split_words(text.lower()), "$"]
    pairs = (f"pair {first} {second}" for first, second in pairwise(ends))
    return [*chain.from_iterable(_word_features(text)), *pairs]


def _word_features(text: str) -> list[tuple[str, str, str]]:
    words = split_words(text.lower())
    return [
        (f"word {word}", f"start {place} {word}", f"end {len(words) - 1 - place} {word}")
        for place, word in enumerate(words)
    ]
