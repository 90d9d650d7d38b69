"""Which test questions a run answered rightly, question by question."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int8, Int64

from avqa_lit.artifacts.json_files import shown
from avqa_lit.artifacts.predictions import Prediction
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import Taxonomy


@dataclass(frozen=True)
class Answers:
    """Marks of one run on the test questions, in annotation order.

    Small enough to keep for every run, where the predictions themselves are read when a section needs them.

    Attributes:
        correct: 1 where the answer is right.
        category: place of each question's category in the taxonomy.
        prior_correct: the same as `correct` of the question-only prior, where the run kept its answers.
        fingerprint: equal for equal questions with equal true answers.
        video: number of each question's video.
    """

    correct: Float[np.ndarray, " question"]
    category: Int8[np.ndarray, " question"]
    prior_correct: Float[np.ndarray, " question"] | None
    fingerprint: str
    video: Int64[np.ndarray, " question"]

    @property
    def videos(self) -> int:
        """Number of distinct videos."""
        return int(self.video.max()) + 1


def read_answers(rows: Sequence[Prediction], taxonomy: Taxonomy, *, source: Path) -> Answers:
    """Marks from the rows of predictions.jsonl.

    Raises:
        DataError: a row of no category, by file and row.
    """
    for number, row in enumerate(rows, start=1):
        if row["category"] not in taxonomy.place:
            raise DataError(
                f"{source}, line {number} (question_id {shown(row['question_id'])}): category "
                f"{shown(row['category'])}, expected one of {', '.join(taxonomy.names)}"
            )
    asked = "\n".join(
        f"{row['row']}\t{row['question_id']}\t{row['video_id']}\t{row['question']}\t{row['answer']}"
        for row in rows
    )
    return Answers(
        correct=np.array([row["prediction"] == row["answer"] for row in rows], dtype=float),
        category=np.array([taxonomy.place[row["category"]] for row in rows], dtype=np.int8),
        prior_correct=_prior(rows),
        fingerprint=hashlib.sha256(asked.encode()).hexdigest(),
        video=np.unique([str(row["video_id"]) for row in rows], return_inverse=True)[1],
    )


def _prior(rows: Sequence[Prediction]) -> Float[np.ndarray, " question"] | None:
    if not all("prior" in row for row in rows):
        return None
    return np.array([row["prior"] == row["answer"] for row in rows], dtype=float)
