"""Accuracies of every category and the three kinds of average that papers print."""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from avqa_lit.artifacts.results import Marks
from avqa_lit.taxonomy import Taxonomy


def accuracies(counts: Mapping[str, Marks], taxonomy: Taxonomy) -> dict[str, float]:
    r"""Fractions of right answers by metric name, without the split in front.

    With :math:`c_k` right answers to the :math:`n_k` questions of category k, and K the categories of one
    modality or of all,

    .. math::
        \text{avg}, \text{overall} = \frac{\sum_{k \in K} c_k}{\sum_{k \in K} n_k}, \qquad
        \text{mean\_of\_types} = \frac{1}{|K|} \sum_{k \in K} \frac{c_k}{n_k},

    and ``mean_of_modalities`` is the mean of the modalities' ``mean_of_types``. Papers call any of
    the three a total; they differ by points, so compare like with like.

    A category without questions has no accuracy: its key is left out and no mean counts it; so is a
    modality without questions. A taxonomy without modalities has no averages of them.

    Args:
        counts: right answers and questions of each category by name, such as ``audio/counting``; a
            category may be missing.
        taxonomy: all categories that there are.

    Example:
        >>> from avqa_lit.taxonomy import MUSIC_AVQA
        >>> heard, seen = Marks(correct=3, total=4), Marks(correct=0, total=2)
        >>> values = accuracies({"audio/counting": heard, "visual/location": seen}, MUSIC_AVQA)
        >>> values["acc/overall"], values["acc/mean_of_modalities"]
        (0.5, 0.375)
    """
    names = taxonomy.names
    unknown = set(counts) - set(names)
    if unknown:
        raise ValueError(f"counts of {sorted(unknown)}: expected categories out of {list(names)}")
    asked = {name: counts[name] for name in names if name in counts and counts[name].total > 0}
    if not asked:
        return {}
    types = {name: count.correct / count.total for name, count in asked.items()}
    values = {"acc/overall": _pooled(asked.values()), "acc/mean_of_types": _mean(types.values())}
    values |= {f"acc/{name}": value for name, value in types.items()}
    means = []
    for modality in taxonomy.modalities:
        own = [category.name for category in taxonomy.of_modality(modality) if category.name in asked]
        if own:
            means.append(_mean(types[name] for name in own))
            values[f"acc/{modality}/avg"] = _pooled(asked[name] for name in own)
            values[f"acc/{modality}/mean_of_types"] = means[-1]
    if means:
        values["acc/mean_of_modalities"] = _mean(means)
    return values


def category_counts(correct: Iterable[int], total: Iterable[int], taxonomy: Taxonomy) -> dict[str, Marks]:
    """Counts by category name, from one number a category in the order of the taxonomy."""
    return {
        name: Marks(correct=int(right), total=int(questions))
        for name, right, questions in zip(taxonomy.names, correct, total, strict=True)
    }


def count_correct(
    predictions: Sequence[object], answers: Sequence[object], categories: Sequence[int], taxonomy: Taxonomy
) -> dict[str, Marks]:
    """Counts by category name, from one prediction, answer and place in the taxonomy a question."""
    correct, total = [0] * len(taxonomy), [0] * len(taxonomy)
    for prediction, answer, category in zip(predictions, answers, categories, strict=True):
        correct[category] += prediction == answer
        total[category] += 1
    return category_counts(correct, total, taxonomy)


def _pooled(counts: Iterable[Marks]) -> float:
    counts = list(counts)
    return sum(count.correct for count in counts) / sum(count.total for count in counts)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return fsum(values) / len(values)
