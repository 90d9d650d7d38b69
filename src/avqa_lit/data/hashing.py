"""Question encoder that needs no weights and no download."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float32

from avqa_lit.data.vocabulary import split_words


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

    Args:
        dim: width of the encoding; 512 is the width of the published AVST code's question feature.

    Example:
        >>> left, right = HashingEncoder().encode(["Is A louder than B?", "Is B louder than A?"])
        >>> bool(left @ right < 0.8)
        True
    """

    def __init__(self, *, dim: int = 512) -> None:
        if dim < 1:
            raise ValueError(f"dim is {dim}, expected at least 1")
        self.dim = dim

    @property
    def name(self) -> str:
        """Key under which a store keeps these features; changes when they do."""
        return f"hashing_{self.dim}"

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """Encoding of each text, of length 1; upper and lower case are the same."""
        signs: dict[str, Float[np.ndarray, " dim"]] = {}
        encoded = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for feature in _features(text):
                if feature not in signs:
                    signs[feature] = self._signs(feature)
                encoded[row] += signs[feature]
        norms = np.linalg.norm(encoded, axis=1, keepdims=True)
        encoded /= np.maximum(norms, np.finfo(np.float32).tiny)
        return encoded

    def _signs(self, feature: str) -> Float[np.ndarray, " dim"]:
        digest = hashlib.shake_128(feature.encode()).digest(-(-self.dim // 8))
        bits = np.unpackbits(np.frombuffer(digest, np.uint8), count=self.dim)
        return bits.astype(np.float32) * 2 - 1


def _features(text: str) -> list[str]:
    words = split_words(text.lower())
    ends = ["^", *words, "$"]
    return [
        *(f"word {word}" for word in words),
        *(f"pair {first} {second}" for first, second in pairwise(ends)),
        *(f"start {place} {word}" for place, word in enumerate(words)),
        *(f"end {place} {word}" for place, word in enumerate(reversed(words))),
    ]
