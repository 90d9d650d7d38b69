"""Which test questions a run answered rightly, question by question."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from avqa_lit.errors import DataError

IDENTITY = ("row", "question_id", "video_id", "question", "answer")


@dataclass(frozen=True)
class Answers:
    """Marks of one run on the test questions, in annotation order.

    Attributes:
        correct: 1 where the answer is right.
        category: category of each question by its full name.
        prior_correct: the same as `correct` of the question-only prior, where the run kept its answers.
        fingerprint: equal for equal questions with equal true answers.
        videos: number of distinct videos.
    """

    correct: Float[np.ndarray, " question"]
    category: Shaped[np.ndarray, " question"]
    prior_correct: Float[np.ndarray, " question"] | None
    fingerprint: str
    videos: int


def read_answers(rows: Sequence[Mapping[str, Any]], *, source: Path) -> Answers:
    """Marks from the rows of predictions.jsonl.

    Raises:
        DataError: a row without one of the fields, by file and row.
    """
    for number, row in enumerate(rows, start=1):
        missing = [name for name in (*IDENTITY, "category", "prediction") if name not in row]
        if missing:
            raise DataError(f"{source}, line {number}: expected the field {missing[0]!r}; run the test again")
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row[name] for name in IDENTITY], ensure_ascii=False).encode())
    return Answers(
        correct=np.array([row["prediction"] == row["answer"] for row in rows], dtype=float),
        category=np.array([row["category"] for row in rows]),
        prior_correct=_prior(rows),
        fingerprint=digest.hexdigest(),
        videos=len({row["video_id"] for row in rows}),
    )


def _prior(rows: Sequence[Mapping[str, Any]]) -> Float[np.ndarray, " question"] | None:
    if not all("prior" in row for row in rows):
        return None
    return np.array([row["prior"] == row["answer"] for row in rows], dtype=float)
