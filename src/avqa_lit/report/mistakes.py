"""The chosen configuration's most certain mistakes, with where it looked and listened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from avqa_lit.artifacts.attention import Attention, read_attention
from avqa_lit.categories import CATEGORIES
from avqa_lit.report.configurations import Configuration
from avqa_lit.report.result import Result
from avqa_lit.report.sheet import Sheet

OF_EACH = 2


@dataclass(frozen=True)
class Look:
    """Attention over one modality of one question, in time.

    Attributes:
        starts: second at which each row starts.
        shares: percent of all attention on each row, audio and visual together being 100.
    """

    starts: Float[np.ndarray, " time"]
    shares: Float[np.ndarray, " time"]

    @property
    def total(self) -> float:
        """Percent of all attention that this modality gets."""
        return float(self.shares.sum())

    @property
    def ends(self) -> Float[np.ndarray, " time"]:
        """Second at which each row ends: where the next starts."""
        step = self.starts[1] - self.starts[0] if len(self.starts) > 1 else 1.0
        return np.append(self.starts[1:], self.starts[-1] + step)

    @property
    def peak(self) -> tuple[float, float]:
        """Seconds between which the row with the largest share lies."""
        place = int(self.shares.argmax())
        return float(self.starts[place]), float(self.ends[place])


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


def mistakes(chosen: Configuration, sheets: Sequence[Sheet]) -> tuple[Result, list[Mistake]]:
    """Of one run: the `OF_EACH` mistakes of each category that it was most certain of.

    The run is the first that kept its attention, else the first.

    Raises:
        DataError: an attention.npz that is not whole.
    """
    kept = [place for place, one in enumerate(chosen.results) if one.attention.is_file()]
    place = kept[0] if kept else 0
    result, sheet = chosen.results[place], sheets[place]
    attention = read_attention(result.attention) if kept else None
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
    return result, found


def looks(attention: Attention, row: int) -> dict[str, Look]:
    """Attention of the question in a row of the split; nothing for a modality that has none."""
    (places,) = np.nonzero(attention.row == row)
    found = {}
    for name, shares, starts in (
        ("audio", attention.audio, attention.audio_seconds),
        ("visual", attention.visual, attention.visual_seconds),
    ):
        for place in places[:1]:
            there = np.isfinite(shares[place])
            if there.any():
                values = 100 * shares[place][there].astype(float)
                found[name] = Look(starts[there].astype(float), values)
    return found
