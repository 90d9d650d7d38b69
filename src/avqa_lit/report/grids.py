"""Grids of numbers with the words under them: two swept keys, categories over runs, truths and answers."""

from avqa_lit.analysis.intervals import COVERAGE
from avqa_lit.artifacts.differences import key_name, value_name
from avqa_lit.report.album import Album
from avqa_lit.report.answer_scores import AnswerScores
from avqa_lit.report.axes_of_sweep import SweepAxes
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.correlation import FEWEST_RUNS, REST, correlations
from avqa_lit.report.figures import SPLITS
from avqa_lit.report.heat_map import HeatMap, heat_map_figure
from avqa_lit.report.markup import element, figure, wrap
from avqa_lit.report.wording import count, percent, spelled


def two_keys(test_set: TestSet, sweep: SweepAxes, album: Album) -> list[str]:
    """Accuracy at each pair of values of two keys, by split; nothing where one key was swept."""
    return [
        drawn(grid, album, name=f"sweep-grid-{split}", words=_words_of_pair(grid, split))
        for split in SPLITS
        if sweep.group is not None and (grid := _pair(test_set, sweep, split)) is not None
    ]


def _pair(test_set: TestSet, sweep: SweepAxes, split: str) -> HeatMap | None:
    lines = sweep.series(test_set)
    values = [[None for _ in sweep.values] for _ in lines]
    found: list[list[float | None]] = [list(row) for row in values]
    outlined = []
    for row, (_, line) in enumerate(lines):
        for column, one in line:
            found[row][column] = one.mean(OVERALL, split)
            if one is test_set.chosen:
                outlined.append((row, column))
    known = [value for row in found for value in row if value is not None]
    if not known:
        return None
    low, span = min(known), max(known) - min(known)
    return HeatMap(
        title=f"{SPLITS[split]}: overall accuracy, %",
        row_names=[name for name, _ in lines],
        column_names=[value_name(value) for value in sweep.values],
        shades=[
            [None if one is None else 0.1 + 0.9 * (one - low) / span if span else 0.1 for one in row]
            for row in found
        ],
        texts=[["" if one is None else percent(one) for one in row] for row in found],
        column_label=key_name(sweep.axis),
        outlined=outlined,
    )


def _words_of_pair(grid: HeatMap, split: str) -> str:
    frame = " The frame is around the chosen configuration." if grid.outlined else ""
    return f"Overall accuracy on {split}, darker where it is higher.{frame}"


def categories_over_runs(test_set: TestSet, album: Album) -> str:
    """Which categories rise and fall together; one sentence where the runs are too few."""
    categories = len(test_set.taxonomy)
    if categories == 1:
        return element("p", "There is one category, so that nothing can be correlated with it.", css="note")
    found = correlations(test_set)
    if found is None:
        text = (
            f"Correlations between categories are left out: they need at least {FEWEST_RUNS} trained runs on "
            f"the same questions, and there are {len(test_set.results)}."
        )
        return element("p", text, css="note")
    words = (
        f"Spearman's rank correlation of test accuracies over {count(found.runs, 'run')}; in the last row "
        f"each category with the mean of {REST}. Below zero, one falls where the other rises. A single "
        f"number farther from zero than {found.critical:.2f} is significant at 5%; "
        f"{_by_chance(categories * (categories + 1) // 2)}. Runs of one configuration are not independent, "
        "and what moves runs apart (say, a model that hears nothing) moves its categories together."
    )
    grid = drawn(found.heat_map(), album, name="correlation", words="")
    return wrap("div", grid + element("p", words, css="note"), css="figures")


def _by_chance(numbers: int) -> str:
    expected = round((1 - COVERAGE) * numbers)
    if expected == 0:
        return f"of {numbers} numbers hardly one is by chance"
    return f"of {numbers} numbers about {spelled(expected)} {'is' if expected == 1 else 'are'} by chance"


def confusion(scores: AnswerScores, album: Album) -> str:
    """Which answers are taken for which."""
    over = f", {count(scores.runs, 'run')} together" if scores.runs > 1 else ""
    words = (
        f"What was answered (columns) where an answer was true (rows), in percent of the row{over}; shares "
        "under 1% are left blank. Answers are ordered by the category they belong to most, then by number."
    )
    return drawn(scores.heat_map(), album, name="confusion", words=words)


def drawn(grid: HeatMap, album: Album, *, name: str, words: str) -> str:
    """A grid as it stands in the page."""
    svg = album.svg(heat_map_figure(grid), name=name, description=f"{grid.title}. {words}".strip())
    return figure(svg, words, scrolls=grid.title if grid.is_wide else "")
