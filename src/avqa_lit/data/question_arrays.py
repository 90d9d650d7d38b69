"""Sentence vectors and token states of questions as they lie in files, checked one by one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float32

from avqa_lit.data.named_arrays import SHOWN, NamedArrays, suggested
from avqa_lit.data.texts import AbsentTextError
from avqa_lit.data.token_features import TokenFeatures
from avqa_lit.errors import DataError

QUESTION_ID, TEXT = "question_id", "text"
Padding = Literal["zeros", "none"]


class QuestionName(NamedTuple):
    """What the files of a question are named after; an id, and a text where they are named after texts."""

    question_id: str | None
    text: str | None

    @property
    def values(self) -> dict[str, str]:
        """What fills the placeholders of a pattern."""
        named = zip((QUESTION_ID, TEXT), self, strict=True)
        return {name: value for name, value in named if value is not None}

    def __str__(self) -> str:
        return f"text {self.text!r}" if self.question_id is None else f"question_id {self.question_id}"


@dataclass(frozen=True)
class QuestionArrays:
    """Arrays of questions in one folder.

    Attributes:
        arrays: finds the arrays by what fills their placeholders.
        text: name of the text, and of the group of configs that names the folder.
    """

    arrays: NamedArrays
    text: str

    def check_present(self, questions: Sequence[QuestionName]) -> None:
        """Refuse a folder that lacks arrays.

        Raises:
            AbsentTextError: how many are missing, the first of them, and what the folder holds.
        """
        missing = [question for question in questions if question.values not in self.arrays]
        if not missing:
            return
        placeholder = QUESTION_ID if missing[0].question_id is not None else TEXT
        first = "".join(
            f"\n  {question}: {self.arrays.where(question.values)}" for question in missing[:SHOWN]
        )
        values = [question.values[placeholder] for question in questions]
        found = suggested(self.arrays.folder, values, placeholder=placeholder, key=self.text)
        raise AbsentTextError(
            f"{self.arrays.folder}: {len(missing):,} of {len(questions):,} arrays of the {self.text} are "
            f"missing; add them, or say how they are named with {self.text}.files=PATTERN. {found}. The "
            f"first that are missing:{first}",
            text=self.text,
        )

    def vectors(self, questions: Sequence[QuestionName]) -> Float32[np.ndarray, "question dim"]:
        """The sentence vector of each question.

        Raises:
            DataError: an array that is not one vector of finite numbers, as wide as the others.
        """
        self.check_present(questions)
        vectors: np.ndarray | None = None
        for place, question in enumerate(questions):
            array = self._numbers(question)
            vector = array[0] if array.ndim == 2 and len(array) == 1 else array
            if vector.ndim != 1 or not vector.size:
                raise DataError(
                    f"{self._where(question)}: shape {list(array.shape)}, expected one sentence vector, "
                    f"[dim] or [1, dim]; if it holds states of tokens, name its folder with "
                    f"{self.text}.tokens=DIR"
                )
            if vectors is None:
                vectors = np.empty((len(questions), vector.size), np.float32)
            self._check_width(vector.size, question, expected=vectors.shape[1], first=questions[0])
            vectors[place] = vector
        return np.zeros((0, 0), np.float32) if vectors is None else vectors

    def states(self, questions: Sequence[QuestionName], *, padding: Padding) -> TokenFeatures:
        """The token states of each question; questions whose states are equal share their rows.

        Args:
            questions: whose states are read.
            padding: "zeros" leaves out rows of zeros at the end, "none" keeps them.

        Raises:
            DataError: an array that is not rows of finite numbers, as wide as the others.
        """
        self.check_present(questions)
        distinct: list[np.ndarray] = []
        first_rows: dict[bytes, int] = {}
        lengths, shared, rows = [], [], 0
        for question in questions:
            states = self._rows(question, padding)
            if distinct:
                width = distinct[0].shape[1]
                self._check_width(states.shape[1], question, expected=width, first=questions[0])
            digest = hashlib.sha256(states.tobytes()).digest()
            if digest not in first_rows:
                first_rows[digest] = rows
                distinct.append(states)
                rows += len(states)
            lengths.append(len(states))
            shared.append(first_rows[digest])
        values = np.concatenate(distinct) if distinct else np.zeros((0, 0), np.float32)
        return TokenFeatures(values, np.array(lengths, np.int64), np.array(shared, np.int64))

    def _rows(self, question: QuestionName, padding: Padding) -> Float32[np.ndarray, "token dim"]:
        """The states of one question that count as tokens."""
        states = self._numbers(question)
        if states.ndim != 2 or 0 in states.shape:
            raise DataError(
                f"{self._where(question)}: shape {list(states.shape)}, expected states of tokens, [tokens, "
                f"dim]; if this is a sentence vector, name its folder with {self.text}.sentence=DIR"
            )
        if padding == "none":
            return states
        real = np.flatnonzero(states.any(axis=1))
        if not len(real):
            raise DataError(
                f"{self._where(question)}: all {len(states)} rows are zero, expected at least one token "
                "before the padding; encode it again, or count every row as a token with "
                f"{self.text}.padding=none"
            )
        return states[: real[-1] + 1]

    def _numbers(self, question: QuestionName) -> Float32[np.ndarray, "..."]:
        values = self.arrays.read(question.values)
        if values.dtype.kind != "f":
            raise DataError(
                f"{self._where(question)}: expected floating-point numbers, found {values.dtype}; save it as "
                "float32"
            )
        with np.errstate(over="ignore"):  # what is beyond float32 is refused with what is not finite
            numbers = values.astype(np.float32)
        if not np.isfinite(numbers).all():
            raise DataError(
                f"{self._where(question)}: expected finite numbers that float32 can hold, found "
                f"{values[~np.isfinite(numbers)].flat[0]}; encode this {self.text} again"
            )
        return numbers

    def _check_width(self, width: int, question: QuestionName, *, expected: int, first: QuestionName) -> None:
        if width != expected:
            raise DataError(
                f"{self._where(question)}: vectors {width} wide, expected {expected} as in "
                f"{self.arrays.where(first.values)}; all files of a folder come from one encoder"
            )

    def _where(self, question: QuestionName) -> str:
        return f"{self.arrays.where(question.values)} ({question})"
