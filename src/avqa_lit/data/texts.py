"""Cached features of one text of every question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray

from avqa_lit.batch import QUESTION, Text, TextSpec
from avqa_lit.data.question_table import QuestionTable
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.token_features import TokenFeatures
from avqa_lit.errors import DataError


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

    def of_part(
        self, whole: Mapping[str, QuestionTable], part: Mapping[str, QuestionTable]
    ) -> "TextFeatures":
        """The same features for a part of the questions.

        Args:
            whole: questions that these are the features of, by split.
            part: some of them, by split.
        """
        index = {}
        for split, table in part.items():
            rows = whole[split].row
            order = np.argsort(rows)
            index[split] = self.index[split][order[np.searchsorted(rows, table.row, sorter=order)]]
        return replace(self, index=index)


class AbsentTextError(DataError):
    """A question that lacks a text, or features of it, which a model reads.

    Attributes:
        text: name of the text.
    """

    def __init__(self, message: str, *, text: str) -> None:
        super().__init__(message)
        self.text = text


def places_of(
    text: str, store: FeatureStore, table: QuestionTable
) -> tuple[tuple[str, ...], Int64[ndarray, " question"]]:
    """The distinct texts of a name, and the place of each question's own among them.

    Args:
        text: "question" or "prompt".
        store: holds the texts.
        table: questions of one of its splits.

    Raises:
        AbsentTextError: prompts of data without any.
    """
    if text == QUESTION:
        return store.texts, table.text
    if table.prompt is None:
        raise AbsentTextError(no_prompts(str(store.path)), text=text)
    return store.prompts, table.prompt


def no_prompts(where: str) -> str:
    """What to say of data without prompts."""
    return (
        f"{where}: has no prompts; name their key in the annotations with data.fields.prompt=KEY, or read "
        "their features from files that are named after question_ids, with prompt=files"
    )
