"""What a reader has to know about the table of accuracies."""

from avqa_lit.report.table import Table
from avqa_lit.report.wording import spelled
from avqa_lit.taxonomy import MUSIC_AVQA

NOTES = (
    "Val overall is what configurations are chosen by; nothing was chosen on test, which is read once a run.",
    "The question-only prior gives the most frequent train answer of the same question text, else of its "
    "template, else of its category, else of all. It neither sees nor hears the video: only what lies above "
    "it can come from the video.",
    "Weighted averages count every question once; unweighted means count every type, or every modality, "
    "once. Papers print either: compare a number with its own kind only.",
)
PRINTED = f"{spelled(len(MUSIC_AVQA))} printed"  # of the categories
RECOMPUTED = f"† not printed by the paper: worked out from its {PRINTED} accuracies."
SCORED_LATER = "What was scored later has no accuracy on val beside it, and was no candidate for the choice."


def table_notes(table: Table) -> list[str]:
    """Footnotes: published rows, the train split, marks, features, and what the columns are."""
    scored = [SCORED_LATER] if table.scored else []
    train = [table.train] if table.train else []
    return [table.remark or RECOMPUTED, *train, table.tests, *scored, *NOTES, table.features]
