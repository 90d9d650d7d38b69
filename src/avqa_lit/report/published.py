"""Accuracies that papers print for the official MUSIC-AVQA test split.

References:
    Each row's venue stands beside it in published.csv. Papers take averages in different ways, and their
    totals are not comparable as printed: what a paper does not print is worked out here from its nine
    category accuracies.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from avqa_lit.report.columns import ALL, COLUMNS, MODALITY_TITLES, Column

# Questions of the official train file, of the update and of the first release.
OFFICIAL_TRAIN = (31927, 32087)
# Questions of the official test split in the nine categories (Li et al., CVPR 2022, Table 2).
OFFICIAL_TOTALS = (1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822)
PRINTED_AS_WEIGHTED = {
    "acc/overall": "overall",
    **{f"acc/{one}/avg": f"{one}/avg" for one in MODALITY_TITLES},
}
AVERAGES = {
    "weighted": "weighted averages",
    "unweighted": "unweighted means",
    "unknown": "averages of unknown kind",
}
PRINTED_AS_UNWEIGHTED = {"acc/mean_of_modalities": "overall"}


@dataclass(frozen=True)
class Published:
    """One system's accuracies as fractions, in the order of the table's columns.

    Attributes:
        averages: which kind of average the paper prints.
        recomputed: which of `values` it does not print.
    """

    system: str
    venue: str
    features: str
    averages: str
    values: tuple[float, ...]
    recomputed: tuple[bool, ...]

    def accuracy(self, metric: str) -> float:
        """Fraction of one column."""
        return next(
            value for column, value in zip(COLUMNS, self.values, strict=True) if column.metric == metric
        )


def is_official(totals: Sequence[int]) -> bool:
    """Whether a test set has the official split's number of questions in each category."""
    return tuple(totals) == OFFICIAL_TOTALS


def published_rows() -> list[Published]:
    """All systems, in the order of the file."""
    text = (files("avqa_lit.report") / "published.csv").read_text("utf-8")
    return [_published(row) for row in csv.DictReader(text.splitlines())]


def _published(row: dict[str, str]) -> Published:
    types = {name: float(row[name]) / 100 for name in ALL}
    printed = {f"acc/{name}": name for name in ALL}
    if row["averages"] == "weighted":
        printed |= PRINTED_AS_WEIGHTED
    elif row["averages"] == "unweighted":
        printed |= PRINTED_AS_UNWEIGHTED
    values = tuple(
        float(row[printed[column.metric]]) / 100 if column.metric in printed else average(column, types)
        for column in COLUMNS
    )
    recomputed = tuple(column.metric not in printed for column in COLUMNS)
    return Published(
        row["system"], row["venue"], row["features"], AVERAGES[row["averages"]], values, recomputed
    )


def average(column: Column, types: dict[str, float]) -> float:
    """The average of a column from the nine accuracies and the official numbers of questions."""
    if column.metric == "acc/mean_of_types":
        return _mean(list(types.values()))
    if column.metric == "acc/mean_of_modalities":
        return _mean(
            [
                _mean([value for name, value in types.items() if name.split("/")[0] == one])
                for one in MODALITY_TITLES
            ]
        )
    totals = dict(zip(ALL, OFFICIAL_TOTALS, strict=True))
    return sum(types[one] * totals[one] for one in column.categories) / sum(
        totals[one] for one in column.categories
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
