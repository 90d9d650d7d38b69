"""Columns of the table: the categories and every kind of average that papers print, each by its name."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from avqa_lit.taxonomy import Taxonomy, modality_title


@dataclass(frozen=True)
class Column:
    """One accuracy of a split.

    Attributes:
        metric: its name after ``<split>/``.
        group: heading that it stands under.
        label: heading of its own.
        short: heading where the group is not shown, as in Markdown.
        categories: which questions it is about.
    """

    metric: str
    group: str
    label: str
    short: str
    categories: tuple[str, ...]


OVERALL = "acc/overall"
TYPES = "Types"
WEIGHTED = "Averages, weighted by questions"
UNWEIGHTED = "Unweighted means"


@cache
def columns_of(taxonomy: Taxonomy) -> tuple[Column, ...]:
    """Every category, then the averages; a taxonomy without modalities has no averages of them."""
    every = taxonomy.names
    types = [
        Column(
            f"acc/{category.name}",
            TYPES if category.modality is None else modality_title(category.modality),
            category.heading,
            category.label,
            (category.name,),
        )
        for category in taxonomy.categories
    ]
    averages = [
        Column(
            f"acc/{modality}/avg",
            WEIGHTED,
            modality_title(modality),
            f"{modality_title(modality)} avg (weighted)",
            tuple(category.name for category in taxonomy.of_modality(modality)),
        )
        for modality in taxonomy.modalities
    ]
    means = [Column("acc/mean_of_types", UNWEIGHTED, "of types", "Mean of types", every)]
    if taxonomy.modalities:
        means.append(
            Column("acc/mean_of_modalities", UNWEIGHTED, "of modalities", "Mean of modalities", every)
        )
    return (*types, *averages, Column(OVERALL, WEIGHTED, "Overall", "Overall (weighted)", every), *means)


def column_groups(columns: Iterable[Column]) -> list[tuple[str, list[Column]]]:
    """Columns under their headings, in order."""
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.group, []).append(column)
    return list(groups.items())
