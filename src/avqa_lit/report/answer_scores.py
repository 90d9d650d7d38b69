"""Accuracy by answer: precision, recall and F1 of each, and what is mistaken for what."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from avqa_lit.metrics.classification import classification_report
from avqa_lit.report.heat_map import HeatMap
from avqa_lit.report.listing import Entry, Listing
from avqa_lit.report.sheet import Sheet
from avqa_lit.taxonomy import Taxonomy

MOST_DRAWN = 44  # MUSIC-AVQA has 42 answers
LEAST_TOLD = 0.01


@dataclass(frozen=True)
class AnswerScores:
    """Counts of truths (rows) and predictions (columns), summed over the runs.

    Attributes:
        labels: answers, ordered by the category that they are most often the truth of, then by how often.
        runs: how many were summed.
    """

    labels: tuple[str, ...]
    confusion: Int64[np.ndarray, "label label"]
    runs: int

    def listing(self) -> Listing:
        """The classification report: one row an answer, then the means."""
        report = classification_report(self.confusion)
        predicted = self.confusion.sum(axis=0)
        rows: list[tuple[Entry, ...]] = [
            (
                self.labels[label],
                round(support / self.runs),
                round(int(predicted[label]) / self.runs),
                *scores,
            )
            for label, support, scores in zip(
                report.label.tolist(),
                report.support.tolist(),
                zip(report.recall.tolist(), report.precision.tolist(), report.f1.tolist(), strict=True),
                strict=True,
            )
        ]
        asked, means = int(self.confusion.sum()) // self.runs, report.averages()
        for kind, name in (("macro", "Macro mean"), ("weighted", "Mean weighted by questions")):
            values = [means[f"{score}/{kind}"] for score in ("recall", "precision", "f1")]
            rows.append((name, asked, asked, *values))
        heads = ("Answer", "Questions", "Times given", "Accuracy (recall)", "Precision", "F1")
        caption = "Classification report of the chosen configuration: each answer that is true or was given"
        return Listing("answers", caption, heads, tuple(rows))

    def heat_map(self) -> HeatMap:
        """Shares of each truth's questions, in percent; what is rare is drawn together."""
        labels, counts = self._drawn()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return HeatMap(
            title="Confusion, % of a row",
            row_names=labels,
            column_names=labels,
            shades=[[share or None for share in line] for line in shares.tolist()],
            texts=[
                [f"{100 * one:.0f}" if one >= LEAST_TOLD else "" for one in line] for line in shares.tolist()
            ],
            row_label="true answer",
            column_label="answer given",
        )

    def _drawn(self) -> tuple[list[str], np.ndarray]:
        if len(self.labels) <= MOST_DRAWN:
            return list(self.labels), self.confusion
        often = np.argsort(-self.confusion.sum(axis=1), kind="stable")[: MOST_DRAWN - 1]
        kept = np.sort(often)
        group = np.full(len(self.labels), len(kept))
        group[kept] = np.arange(len(kept))
        counts = np.zeros((len(kept) + 1, len(kept) + 1), np.int64)
        np.add.at(counts, (group[:, None], group[None, :]), self.confusion)
        return [*(self.labels[one] for one in kept), "all others"], counts


def answer_scores(sheets: Sequence[Sheet], taxonomy: Taxonomy) -> AnswerScores:
    """Scores of all runs together."""
    of_category: dict[str, Counter[int]] = defaultdict(Counter)
    for row in sheets[0]:
        of_category[row["answer"]][taxonomy.place[row["category"]]] += 1

    def order(label: str) -> tuple[int, int, str]:
        counted = of_category.get(label)
        if counted is None:
            return (len(taxonomy), 0, label)
        return (counted.most_common(1)[0][0], -counted.total(), label)

    given = {row["prediction"] for sheet in sheets for row in sheet}
    labels = tuple(sorted({*of_category, *given}, key=order))
    number = {label: place for place, label in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    truths = [number[row["answer"]] for row in sheets[0]]
    for sheet in sheets:
        np.add.at(confusion, (truths, [number[row["prediction"]] for row in sheet]), 1)
    return AnswerScores(labels, confusion, len(sheets))
