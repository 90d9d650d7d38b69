"""Accuracy by question template."""

from collections import defaultdict
from collections.abc import Sequence

from avqa_lit.report.listing import Listing
from avqa_lit.report.sheet import Sheet
from avqa_lit.taxonomy import Taxonomy


def template_listing(sheets: Sequence[Sheet], taxonomy: Taxonomy) -> Listing:
    """One row a template of a category, most asked first within a category; several runs are averaged."""
    asked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(sheets[0]):
        asked[row["category"], row["template"]].append(place)
    order = sorted(asked, key=lambda one: (taxonomy.place[one[0]], -len(asked[one])))
    rows = []
    for category, template in order:
        places = asked[category, template]
        right = sum(sheet[one]["prediction"] == sheet[one]["answer"] for sheet in sheets for one in places)
        accuracy = right / (len(places) * len(sheets))
        prior = _prior(sheets[0], places)
        gain = None if prior is None else accuracy - prior
        label = taxonomy.categories[taxonomy.place[category]].label
        rows.append((template, label, len(places), accuracy, prior, gain))
    heads = ("Template", "Category", "Questions", "Accuracy", "Prior", "Above the prior")
    return Listing(
        "templates", "Accuracy of the chosen configuration by question template", heads, tuple(rows)
    )


def _prior(sheet: Sheet, places: Sequence[int]) -> float | None:
    if not all("prior" in sheet[one] for one in places):
        return None
    right = sum(1 for one in places if sheet[one]["prior"] == sheet[one]["answer"])
    return right / len(places)
