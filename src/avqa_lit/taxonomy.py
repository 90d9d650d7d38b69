"""Modalities and types of questions, by which accuracies are told apart; MUSIC-AVQA's are the default.

References:
    Learning to Answer Questions in Dynamic Audio-Visual Scenarios (Li et al., CVPR 2022),
    https://arxiv.org/abs/2203.14072, Table 2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

MOST_CATEGORIES = 127  # a store keeps the number of a category in one signed byte
# Metrics of a modality and of a whole split stand beside those of the categories.
AVERAGES_OF_MODALITY = ("avg", "mean_of_types")
AVERAGES_OF_SPLIT = ("overall", "mean_of_types", "mean_of_modalities")


@dataclass(frozen=True)
class Category:
    """One kind of question.

    Attributes:
        modality: the modality that answers it, such as ``audio_visual``; None in a taxonomy without any.
        type: what is asked for, such as ``temporal``.
        label: short name that no other category has, such as ``AV-Temp``.
        heading: name in a table under the heading of its modality, such as ``Temp``.
    """

    modality: str | None
    type: str
    label: str
    heading: str

    @property
    def name(self) -> str:
        """Key in metrics and files, such as ``audio_visual/temporal``."""
        return self.type if self.modality is None else f"{self.modality}/{self.type}"


@dataclass(frozen=True)
class Taxonomy:
    """The categories of a data set's questions, in the order of tables.

    Attributes:
        categories: all of them; those of one modality follow each other. Either every category has a
            modality or none has.
    """

    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        count = len(self.categories)
        if not 0 < count <= MOST_CATEGORIES:
            raise ValueError(f"{count} categories, expected 1 to {MOST_CATEGORIES}")
        with_modality = sum(category.modality is not None for category in self.categories)
        if with_modality not in (0, count):
            raise ValueError(f"{with_modality} of {count} categories have a modality, expected all or none")
        for category in self.categories:
            _check_names(category)
        for key in ("name", "label"):
            values = [getattr(category, key) for category in self.categories]
            repeated = next((value for value in values if values.count(value) > 1), None)
            if repeated is not None:
                raise ValueError(
                    f"several categories have the {key} {repeated}, expected one of its own for each"
                )
        in_order = [category.modality for category in self.categories]
        if in_order != sorted(in_order, key=in_order.index):
            raise ValueError(
                f"the modalities alternate ({', '.join(map(str, in_order))}), expected the categories of one "
                "modality to follow each other"
            )

    def __len__(self) -> int:
        return len(self.categories)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each category."""
        return tuple(category.name for category in self.categories)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Place of each category by its name."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def modalities(self) -> tuple[str, ...]:
        """The modalities in order; empty in a taxonomy without any."""
        found = dict.fromkeys(category.modality for category in self.categories)
        return tuple(modality for modality in found if modality is not None)

    def of_modality(self, modality: str | None) -> tuple[Category, ...]:
        """The categories of one modality."""
        return tuple(category for category in self.categories if category.modality == modality)

    def to_plain(self) -> list[dict[str, str | None]]:
        """Plain values for JSON, one object a category."""
        return [asdict(category) for category in self.categories]

    @classmethod
    def from_plain(cls, entries: object) -> "Taxonomy":
        """The taxonomy in plain values, as `to_plain` gives them or as a config names them.

        Names may be written as the data set has them, such as ``Come From`` for ``come_from``. A heading
        that is left out is the type, a label the initials of the modality before the heading.

        Raises:
            ValueError: something else than a list of categories, or categories that cannot be told apart.

        Example:
            >>> taxonomy = Taxonomy.from_plain([{"modality": "Both", "type": "Come From"}])
            >>> taxonomy.categories[0].name, taxonomy.categories[0].label
            ('both/come_from', 'B-Come from')
        """
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            raise ValueError(f"expected a list of categories, found {entries!r}")
        return cls(tuple(_category(entry) for entry in entries))


def stored_taxonomy(record: Mapping[str, Any]) -> Taxonomy:
    """The taxonomy of a store, a checkpoint or a run; MUSIC-AVQA's where the file is older than the key.

    Raises:
        ValueError: a taxonomy that cannot be read.
    """
    return Taxonomy.from_plain(record["taxonomy"]) if "taxonomy" in record else MUSIC_AVQA


def category_name(parts: Sequence[str]) -> str:
    """Name of the category whose modality and type, or type alone, a data set writes so.

    Example:
        >>> category_name(["Audio-Visual", "Existential"]), category_name(["Come From"])
        ('audio_visual/existential', 'come_from')
    """
    return "/".join(_normal(part) for part in parts)


def modality_title(modality: str) -> str:
    """A modality as a heading.

    Example:
        >>> modality_title("audio_visual")
        'Audio-visual'
    """
    return modality.replace("_", "-").capitalize()


def _normal(text: str) -> str:
    return re.sub(r"[\s/-]", "_", text.strip().lower())


def _check_names(category: Category) -> None:
    for key in ("modality", "type"):
        value = getattr(category, key)
        if value is not None and (not value or value != _normal(value)):
            raise ValueError(f"{key} {value!r}, expected a name in lower case without blanks, - and /")
    for key in ("label", "heading"):
        if not getattr(category, key).strip():
            raise ValueError(f"the {key} of {category.name} is empty, expected a short name")
    averages = AVERAGES_OF_SPLIT if category.modality is None else AVERAGES_OF_MODALITY
    if category.type in averages:
        raise ValueError(f"type {category.type}: expected a name that no average has ({', '.join(averages)})")


def _category(entry: object) -> Category:
    keys = [field.name for field in fields(Category)]
    if not isinstance(entry, Mapping) or not {"type"} <= set(entry) <= set(keys):
        raise ValueError(f"expected a type, and if there are any {', '.join(keys)} of it; found {entry!r}")
    given = {key: value for key, value in entry.items() if value is not None}
    wrong = next((key for key, value in given.items() if not isinstance(value, str)), None)
    if wrong is not None or "type" not in given:
        key = wrong or "type"
        raise ValueError(f"{key} is {entry[key]!r}, expected a text, in {dict(entry)}")
    modality = _normal(given["modality"]) if "modality" in given else None
    kind = _normal(given["type"])
    heading = given.get("heading", kind.replace("_", " ").capitalize())
    initials = "".join(word[:1] for word in (modality or "").split("_")).upper()
    return Category(
        modality, kind, given.get("label", f"{initials}-{heading}" if initials else heading), heading
    )


MUSIC_AVQA = Taxonomy(
    (
        Category("audio", "counting", "A-Count", "Count"),
        Category("audio", "comparative", "A-Comp", "Comp"),
        Category("visual", "counting", "V-Count", "Count"),
        Category("visual", "location", "V-Loc", "Loc"),
        Category("audio_visual", "existential", "AV-Exist", "Exist"),
        Category("audio_visual", "location", "AV-Loc", "Loc"),
        Category("audio_visual", "counting", "AV-Count", "Count"),
        Category("audio_visual", "comparative", "AV-Comp", "Comp"),
        Category("audio_visual", "temporal", "AV-Temp", "Temp"),
    )
)
