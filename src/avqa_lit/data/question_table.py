"""Questions of one split as columns of a store."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import compress
from typing import Any

import numpy as np
from jaxtyping import Bool, Int8, Int64

from avqa_lit.data.store_checks import MOST_ROWS, check_questions


@dataclass(frozen=True)
class QuestionTable:
    """Questions of one split, a column for each property.

    Attributes:
        row: place in the annotation file, which is the question's identity; dropped questions leave gaps.
        clip: index in the store's clips.
        text: index in the store's texts.
        template: index in the store's templates.
        answer: index in the store's labels.
        category: place in the store's taxonomy.
        question_id: as published; None where there is none.
        video_id: video that is seen.
        prompt: index in the store's prompts; None where the data have no prompts.
    """

    row: Int64[np.ndarray, " question"]
    clip: Int64[np.ndarray, " question"]
    text: Int64[np.ndarray, " question"]
    template: Int64[np.ndarray, " question"]
    answer: Int64[np.ndarray, " question"]
    category: Int8[np.ndarray, " question"]
    question_id: tuple[str | None, ...]
    video_id: tuple[str, ...]
    prompt: Int64[np.ndarray, " question"] | None = None

    def __len__(self) -> int:
        return len(self.row)

    def where(self, kept: Bool[np.ndarray, " question"]) -> "QuestionTable":
        """The questions that are true in `kept`."""
        columns: dict[str, Any] = {}
        for member in fields(self):
            column = getattr(self, member.name)
            if isinstance(column, tuple):
                columns[member.name] = tuple(compress(column, kept))
            elif column is not None:
                columns[member.name] = column[kept]
        return QuestionTable(**columns)


def read_table(
    split: str,
    index: Mapping[str, np.ndarray],
    strings: Mapping[str, Any],
    seen: list[str],
    categories: int,
) -> QuestionTable:
    """The questions of a split as the files of a store hold them.

    Args:
        split: name of the split.
        index: numeric columns by name.
        strings: lists of texts by name.
        seen: video of each clip.
        categories: number of categories in the store's taxonomy.

    Raises:
        KeyError: a column that is missing.
        ValueError: columns that do not fit each other.
    """
    places = {
        "row": MOST_ROWS, "clip": len(seen), "text": len(strings["texts"]),
        "template": len(strings["templates"]), "answer": len(strings["labels"]), "category": categories,
    }  # fmt: skip
    if "prompts" in strings:
        places["prompt"] = len(strings["prompts"])
    table = QuestionTable(
        **{column: index[f"{split}_{column}"] for column in places},
        question_id=tuple(strings["question_ids"][split]),
        video_id=tuple(seen[clip] for clip in index[f"{split}_clip"]),
    )
    check_questions(split, table, places=places)
    return table
