"""Cached features of one text of every question."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float32, Int64
from numpy import ndarray

from avqa_lit.batch import Text, TextSpec
from avqa_lit.data.token_features import TokenFeatures


@dataclass(frozen=True)
class TextFeatures:
    """Vectors of one text of every question, such as the question itself.

    Attributes:
        index: row of each question's features, by split.
        sentence: sentence vectors; None where nobody declared them.
        tokens: vectors of tokens; None likewise.
    """

    index: Mapping[str, Int64[ndarray, " question"]]
    sentence: Float32[ndarray, "text dim"] | None = None
    tokens: TokenFeatures | None = None

    @property
    def spec(self) -> TextSpec:
        """Widths of the vectors."""
        return TextSpec(
            sentence=0 if self.sentence is None else self.sentence.shape[1],
            tokens=0 if self.tokens is None else self.tokens.rows.shape[1],
        )

    def gather(self, split: str, rows: Int64[ndarray, " batch"]) -> Text:
        """Features of the questions at `rows` of a split."""
        texts = self.index[split][rows]
        sentence = None if self.sentence is None else torch.from_numpy(self.sentence[texts])
        if self.tokens is None:
            return Text(sentence)
        values, mask = (torch.from_numpy(part) for part in self.tokens.gather(texts))
        return Text(sentence, values, mask)
