"""Accuracies that papers print for the official MUSIC-AVQA test split.

References:
    Each row's venue stands beside it in published.csv. Papers take averages in different ways, and their
    totals are not comparable as printed: what a paper does not print is worked out here from its accuracies
    by category. The questions in official_test_split.csv are those of Learning to Answer Questions in Dynamic
    Audio-Visual Scenarios (Li et al., CVPR 2022), https://arxiv.org/abs/2203.14072, Table 2.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from avqa_lit.report.columns import Column, columns_of
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

# Questions of the official train file, of the update and of the first release.
OFFICIAL_TRAIN = (31927, 32087)
COLUMNS = columns_of(MUSIC_AVQA)
PRINTED_AS_WEIGHTED = {
    "acc/overall": "overall",
    **{f"acc/{modality}/avg": f"{modality}/avg" for modality in MUSIC_AVQA.modalities},
}
AVERAGES = {
    "weighted": "weighted averages",
    "unweighted": "unweighted means",
    "unknown": "averages of unknown kind",
}
PRINTED_AS_UNWEIGHTED = {"acc/mean_of_modalities": "overall"}


@dataclass(frozen=True)
class Published:
    """One system's accuracies as fractions, in the order of MUSIC-AVQA's columns.

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


@cache
def official_totals() -> Mapping[str, int]:
    """Questions of the official test split by category."""
    return {row["category"]: int(row["questions"]) for row in _rows("official_test_split.csv")}


def is_official(taxonomy: Taxonomy, totals: Sequence[int]) -> bool:
    """Whether a test set has the official split's number of questions in each category of MUSIC-AVQA."""
    return list(zip(taxonomy.names, totals, strict=True)) == list(official_totals().items())


def published_rows() -> list[Published]:
    """All systems, in the order of the file."""
    return [_published(row) for row in _rows("published.csv")]


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("avqa_lit.report") / name).read_text("utf-8")
    return csv.DictReader(text.splitlines())


def _published(row: dict[str, str]) -> Published:
    types = {name: float(row[name]) / 100 for name in MUSIC_AVQA.names}
    printed = {f"acc/{name}": name for name in MUSIC_AVQA.names}
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
    """The average of a column from accuracies by category and the official numbers of questions."""
    if column.metric == "acc/mean_of_types":
        return _mean(list(types.values()))
    if column.metric == "acc/mean_of_modalities":
        return _mean(
            [
                _mean([types[category.name] for category in MUSIC_AVQA.of_modality(modality)])
                for modality in MUSIC_AVQA.modalities
            ]
        )
    totals = official_totals()
    return sum(types[one] * totals[one] for one in column.categories) / sum(
        totals[one] for one in column.categories
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
