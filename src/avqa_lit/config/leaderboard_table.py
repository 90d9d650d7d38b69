"""What is printed of several files of answers: their accuracies, and their differences pair by pair."""

from collections.abc import Mapping

import numpy as np
from rich.table import Table

from avqa_lit.analysis.leaderboard import HOW_TESTED, Difference, System, paired_differences
from avqa_lit.console import PlainConsole, print_plain
from avqa_lit.metrics.score_table import no_prior_sentence
from avqa_lit.metrics.split_scores import SplitScores

# So many systems make ten pairs; with more, those with the best one are printed and the report has all.
MOST_FOR_ALL_PAIRS = 5


def show_leaderboard(scores: Mapping[str, SplitScores], *, split: str) -> None:
    """Print both tables.

    Args:
        scores: by the file's name, the best first.
        split: the split that was answered.
    """
    console = PlainConsole()
    console.print(_accuracies(scores, split))
    first = next(iter(scores.values()))
    if first.no_prior:
        console.print(no_prior_sentence(first.no_prior), soft_wrap=True)
    systems = [System(name, _marks(scored)) for name, scored in scores.items()]
    video = np.unique([row["video_id"] for row in first.predictions], return_inverse=True)[1]
    differences = paired_differences(systems, video)
    if len(systems) > MOST_FOR_ALL_PAIRS:
        differences = [difference for difference in differences if difference.better == systems[0].name]
    console.print(_pairs(differences))
    print_plain(HOW_TESTED)


def _accuracies(scores: Mapping[str, SplitScores], split: str) -> Table:
    first = next(iter(scores.values()))
    names = [*(f"{modality}/avg" for modality in first.taxonomy.modalities), "overall"]
    table = Table(title=f"{split}: accuracy in percent, weighted by questions", title_justify="left")
    table.add_column("answers in", overflow="fold")
    for name in names:
        table.add_column(name.removesuffix("/avg"), justify="right")

    def row(label: str, metrics: Mapping[str, float], prefix: str) -> None:
        values = (metrics.get(f"{split}/{prefix}/{name}") for name in names)
        table.add_row(label, *("" if value is None else f"{100 * value:.2f}" for value in values))

    for label, scored in scores.items():
        row(label, scored.metrics, "acc")
    if not first.no_prior:
        table.add_section()
        row("question-only prior", first.metrics, "prior/acc")
    return table


def _pairs(differences: list[Difference]) -> Table:
    table = Table(title="differences in overall accuracy, in points", title_justify="left")
    for column in ("better", "than"):
        table.add_column(column, overflow="fold")
    for column in ("difference", "95% interval", "p (Holm)"):
        table.add_column(column, justify="right")
    for difference in differences:
        low, high = 100 * difference.interval.low, 100 * difference.interval.high
        table.add_row(
            difference.better,
            difference.other,
            f"{100 * difference.interval.estimate:+.2f}",
            f"{low:+.2f} to {high:+.2f}",
            f"{difference.p:.4f}",
        )
    return table


def _marks(scores: SplitScores) -> np.ndarray:
    return np.array([row["prediction"] == row["answer"] for row in scores.predictions], dtype=float)
