"""Columns of the table: nine categories and every kind of average that papers print, each by its name."""

from dataclasses import dataclass

from avqa_lit.categories import CATEGORIES, MODALITIES

MODALITY_TITLES = {"audio": "Audio", "visual": "Visual", "audio_visual": "Audio-visual"}


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


def _of(modality: str) -> tuple[str, ...]:
    return tuple(one.name for one in CATEGORIES if one.modality == modality)


ALL = tuple(one.name for one in CATEGORIES)
OVERALL = "acc/overall"
WEIGHTED = "Averages, weighted by questions"
UNWEIGHTED = "Unweighted means"

COLUMNS = (
    *(
        Column(
            f"acc/{one.name}",
            MODALITY_TITLES[one.modality],
            one.label.partition("-")[2],
            one.label,
            (one.name,),
        )
        for one in CATEGORIES
    ),
    *(
        Column(
            f"acc/{one}/avg",
            WEIGHTED,
            MODALITY_TITLES[one],
            f"{MODALITY_TITLES[one]} avg (weighted)",
            _of(one),
        )
        for one in MODALITIES
    ),
    Column(OVERALL, WEIGHTED, "Overall", "Overall (weighted)", ALL),
    Column("acc/mean_of_types", UNWEIGHTED, "of types", "Mean of types", ALL),
    Column("acc/mean_of_modalities", UNWEIGHTED, "of modalities", "Mean of modalities", ALL),
)


def column_groups() -> list[tuple[str, list[Column]]]:
    """Columns under their headings, in order."""
    groups: dict[str, list[Column]] = {}
    for column in COLUMNS:
        groups.setdefault(column.group, []).append(column)
    return list(groups.items())
