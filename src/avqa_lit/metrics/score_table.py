"""The table that a run prints at its end."""

from collections.abc import Mapping

from rich.table import Table

from avqa_lit.artifacts.results import Marks
from avqa_lit.taxonomy import Taxonomy


def score_table(
    metrics: Mapping[str, float], counts: Mapping[str, Marks], taxonomy: Taxonomy, *, split: str
) -> Table:
    """Accuracy of every category and average in percent, beside the question-only prior if there is one.

    Args:
        metrics: fractions by full name, such as ``test/acc/overall`` and ``test/prior/acc/overall``.
        counts: questions by full name, such as ``test/audio/counting``.
        taxonomy: the categories.
        split: the split to show.
    """
    has_prior = f"{split}/prior/acc/overall" in metrics
    table = Table(title=f"{split}: accuracy in percent", title_justify="left")
    table.add_column("category")
    for column in ("questions", "model", *(("prior", "model - prior") if has_prior else ())):
        table.add_column(column, justify="right")

    def row(label: str, name: str, questions: int | None, *, style: str | None = None) -> None:
        accuracy = metrics.get(f"{split}/acc/{name}")
        if accuracy is None:
            return
        cells = [f"{questions:,}" if questions is not None else "", f"{100 * accuracy:.2f}"]
        prior = metrics.get(f"{split}/prior/acc/{name}")
        if prior is not None:
            cells += [f"{100 * prior:.2f}", f"{100 * (accuracy - prior):+.2f}"]
        table.add_row(label, *cells, style=style)

    totals = {name.removeprefix(f"{split}/"): marks.total for name, marks in counts.items()}
    for modality in taxonomy.modalities or (None,):
        names = [category.name for category in taxonomy.of_modality(modality)]
        for name in names:
            row(name, name, totals.get(name, 0))
        if modality is not None:
            asked = sum(totals.get(name, 0) for name in names)
            row(f"{modality} (weighted)", f"{modality}/avg", asked, style="bold")
        table.add_section()
    asked = sum(totals.get(name, 0) for name in taxonomy.names)
    row("overall (weighted)", "overall", asked, style="bold")
    row("mean of types", "mean_of_types", None)
    row("mean of modalities", "mean_of_modalities", None)
    return table


def no_prior_sentence(reason: str) -> str:
    """What stands below a table without a prior.

    Args:
        reason: why there is none.
    """
    return f"no question-only prior: {reason}"
