"""Lists of answers and words in order of first appearance in the train split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64

from avqa_lit.batch import FIRST_WORD, PADDING_WORD, UNKNOWN_WORD


@dataclass(frozen=True)
class Vocabulary:
    """Distinct tokens, each known by its place.

    Attributes:
        tokens: in order of first appearance in the train split.

    Example:
        >>> answers = Vocabulary.from_iterable(["two", "cello", "two"])
        >>> answers.tokens, answers.index("cello"), answers.index("flute")
        (('two', 'cello'), 1, None)
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self._places) != len(self.tokens):
            twice = next(token for place, token in enumerate(self.tokens) if self._places[token] != place)
            raise ValueError(f"a vocabulary holds each token once, but {twice!r} stands in it again")

    @classmethod
    def from_iterable(cls, tokens: Iterable[str]) -> "Vocabulary":
        """Vocabulary of the distinct `tokens` in order of first appearance."""
        return cls(tuple(dict.fromkeys(tokens)))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._places

    def index(self, token: str) -> int | None:
        """Place of `token`, or None where the train split has not got it."""
        return self._places.get(token)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {token: place for place, token in enumerate(self.tokens)}


def split_words(text: str) -> list[str]:
    """Words of a question: split at spaces, without the question mark, case as it stands.

    These are the words of the published AVST code (`dataloader_avst.py`), whose word embeddings
    therefore fit: it keeps the case as well, and cuts off the last character.

    Example:
        >>> split_words("How many sounding erhu in the video?")
        ['How', 'many', 'sounding', 'erhu', 'in', 'the', 'video']
    """
    return text.rstrip("? ").split()


def word_ids(texts: Sequence[str], words: Vocabulary) -> Int64[np.ndarray, "text word"]:
    """Ids of each text's words: 0 is padding, 1 a word that train has not, and words count from 2.

    Example:
        >>> word_ids(["Is it?", "Is it loud?"], Vocabulary(("Is", "it"))).tolist()
        [[2, 3, 0], [2, 3, 1]]
    """
    split = [split_words(text) for text in texts]
    ids = np.full((len(split), max(map(len, split), default=0)), PADDING_WORD, np.int64)
    for row, tokens in enumerate(split):
        for column, token in enumerate(tokens):
            place = words.index(token)
            ids[row, column] = UNKNOWN_WORD if place is None else FIRST_WORD + place
    return ids
