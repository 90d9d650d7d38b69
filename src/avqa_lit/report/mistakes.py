"""The chosen configuration's most certain mistakes, with where it looked and listened."""

from dataclasses import dataclass

import numpy as np

from avqa_lit.artifacts.attention import Attention
from avqa_lit.metrics.attention_time import AttentionOverTime, attention_over_time
from avqa_lit.report.sheet import Sheet
from avqa_lit.taxonomy import Taxonomy

OF_EACH = 2


@dataclass(frozen=True)
class Mistake:
    """One question that was answered wrongly.

    Attributes:
        category: its label.
        probability: of the wrong answer; None where the answer came without one.
        next_best: further answers with their probabilities.
        looks: by modality; empty where no attention was kept.
    """

    category: str
    question: str
    video: str
    row: int
    truth: str
    prediction: str
    probability: float | None
    next_best: tuple[tuple[str, float], ...]
    looks: dict[str, AttentionOverTime]


def mistakes(sheet: Sheet, taxonomy: Taxonomy, attention: Attention | None) -> list[Mistake]:
    """Of each category the `OF_EACH` wrong answers with the highest probability."""
    wrong = [row for row in sheet if row["prediction"] != row["answer"]]
    wrong.sort(key=lambda row: -(row.get("probability") or 0))
    found = []
    for category in taxonomy.categories:
        for row in [row for row in wrong if row["category"] == category.name][:OF_EACH]:
            guesses = [(name, chance) for name, chance in row.get("top5") or () if chance is not None]
            found.append(
                Mistake(
                    category=category.label,
                    question=row["question"],
                    video=str(row["video_id"]),
                    row=row["row"],
                    truth=row["answer"],
                    prediction=row["prediction"],
                    probability=row.get("probability"),
                    next_best=tuple(one for one in guesses if one[0] != row["prediction"])[:2],
                    looks=_looks(attention, row["row"]),
                )
            )
    return found


def _looks(attention: Attention | None, row: int) -> dict[str, AttentionOverTime]:
    """Attention of the question in a row of the split; nothing where none was kept."""
    if attention is None:
        return {}
    places = np.flatnonzero(attention.row == row)
    return attention_over_time(attention, int(places[0])) if len(places) else {}
