"""The chosen configuration's most certain mistakes, with where it looked and listened."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from avqa_lit.artifacts.attention import Attention
from avqa_lit.categories import CATEGORIES
from avqa_lit.report.sheet import Sheet

OF_EACH = 2


@dataclass(frozen=True)
class Look:
    """Attention over one modality of one question, in time.

    Attributes:
        shares: share of all attention on each row, audio and visual together being 1.
        edges: second at which each row starts, and at which the last one ends.
    """

    shares: Float[np.ndarray, " time"]
    edges: Float[np.ndarray, " edge"]

    @property
    def total(self) -> float:
        """Share of all attention."""
        return float(self.shares.sum())

    @property
    def peak(self) -> tuple[float, float]:
        """Seconds between which the row with the largest share lies."""
        place = int(self.shares.argmax())
        return float(self.edges[place]), float(self.edges[place + 1])


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
    looks: dict[str, Look]


def mistakes(sheet: Sheet, attention: Attention | None) -> list[Mistake]:
    """Of each category the `OF_EACH` wrong answers with the highest probability."""
    wrong = [row for row in sheet if row["prediction"] != row["answer"]]
    wrong.sort(key=lambda row: -(row.get("probability") or 0))
    found = []
    for category in CATEGORIES:
        for row in [row for row in wrong if row["category"] == category.name][:OF_EACH]:
            guesses = [(str(name), float(chance)) for name, chance in row.get("top5") or ()]
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
                    looks=looks(attention, row["row"]) if attention else {},
                )
            )
    return found


def looks(attention: Attention, row: int) -> dict[str, Look]:
    """Attention of the question in a row of the split; nothing for a modality that has none."""
    found = {}
    for place in np.flatnonzero(attention.row == row)[:1]:
        for name, shares, starts in (
            ("audio", attention.audio[place], attention.audio_seconds),
            ("visual", attention.visual[place], attention.visual_seconds),
        ):
            length = int(np.isfinite(shares).sum())
            if length:
                step = float(starts[1] - starts[0]) if len(starts) > 1 else 1.0
                edges = np.append(starts[:length], starts[length - 1] + step)
                found[name] = Look(shares[:length].astype(float), edges.astype(float))
    return found
