"""Figures of a test set with the words under them, as HTML."""

from collections.abc import Iterator

from avqa_lit.artifacts.differences import key_name
from avqa_lit.report.album import Album
from avqa_lit.report.axes_of_sweep import SweepAxes, sweep_axes
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.curves import alignment_terms, curves
from avqa_lit.report.figures import category_figure, curve_figure, sweep_figures
from avqa_lit.report.grids import two_keys
from avqa_lit.report.markup import element, figure, wrap
from avqa_lit.report.svg import SERIES
from avqa_lit.report.wording import count, percent

MOST_LINES = len(SERIES)  # more cannot be told apart
IN_TABLE = "The numbers stand in the table."
TRAIN_LOSS, VAL_ACCURACY = "train/loss", f"val/{OVERALL}"


def category_by_category(test_set: TestSet, album: Album) -> str:
    """The chosen configuration beside the prior."""
    text = f"{test_set.chosen.label} beside the question-only prior, category by category."
    svg = album.svg(category_figure(test_set), name="categories", description=f"{text} {IN_TABLE}")
    return figure(svg, text)


def what_was_varied(test_set: TestSet, album: Album) -> str:
    """Accuracy along the swept keys, on val and test: as lines, and as a grid where two keys were swept."""
    sweep = sweep_axes(test_set)
    if sweep is None:
        return element("p", "One configuration: nothing was varied.", css="note")
    grids = wrap("div", "".join(two_keys(test_set, sweep, album)), css="figures")
    if len(sweep.series(test_set)) > MOST_LINES:
        return grids + element("p", " ".join(_notes(test_set, sweep)), css="note")
    notes = " ".join([_bars(test_set), *_notes(test_set, sweep)])
    return _lines(test_set, sweep, album) + element("p", notes, css="note") + grids


def _lines(test_set: TestSet, sweep: SweepAxes, album: Album) -> str:
    about = f"accuracy against {key_name(sweep.axis)}. {IN_TABLE}"
    drawings = (
        figure(album.svg(drawn, name=f"sweep-{split}", description=f"Overall {split} {about}"))
        for split, drawn in sweep_figures(test_set, sweep).items()
    )
    return wrap("div", "".join(drawings), css="figures")


def _bars(test_set: TestSet) -> str:
    several = any(one.seeds > 1 for one in test_set.configurations)
    kind = "over seeds (Wilson's over questions for a single run)" if several else "Wilson's, over questions"
    text = f"Bars are 95% intervals, {kind}."
    if not several and not test_set.results[0].total("val"):
        text += " Val has none: the runs keep no counts of it."
    return text


def _notes(test_set: TestSet, sweep: SweepAxes) -> Iterator[str]:
    if sweep.is_numeric:
        yield f"The tested values of {key_name(sweep.axis)} stand in order, evenly spaced."
    prior = test_set.prior(OVERALL)
    if prior is not None:
        yield f"The question-only prior answers {percent(prior)}% of the test questions."
    if sweep.others:
        names = " and ".join(key_name(key) for key in sweep.others)
        yield f"At each point {names} is as in the configuration that is best on val there."


def training(test_set: TestSet, album: Album) -> str:
    """Losses on train, term by term, and accuracy on val over the epochs, all runs."""
    prior = test_set.prior(OVERALL, "val")
    drawings = _curves(test_set, album, TRAIN_LOSS, title="Train loss", y_label="mean of an epoch")
    drawings += _curves(
        test_set,
        album,
        VAL_ACCURACY,
        title="Val accuracy",
        y_label="overall, %",
        scale=100,
        line=None if prior is None else 100 * prior,
    )
    for metric in alignment_terms(test_set):
        title = f"Train loss, {metric.rpartition('/')[2]} term"
        drawings += _curves(test_set, album, metric, title=title, y_label="unweighted, mean of an epoch")
    if not drawings:
        return element("p", "No run logged a train loss or an accuracy on val.", css="note")
    note = element("p", "Point at a line to read its name.", css="note")
    return wrap("div", drawings, css="figures") + note


def _curves(
    test_set: TestSet,
    album: Album,
    metric: str,
    *,
    title: str,
    y_label: str,
    scale: float = 1.0,
    line: float | None = None,
) -> str:
    lines = curves(test_set, metric, scale=scale)
    if not lines:
        return ""
    epochs = count(max(one.epochs[-1] for one in lines), "epoch")
    text = f"{title} of {count(len(lines), 'run')} over {epochs}."
    drawn = curve_figure(lines, title=title, y_label=y_label, prior=line)
    return figure(album.svg(drawn, name=metric, description=text))
