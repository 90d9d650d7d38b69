"""Figures of a test set with the words under them, as HTML."""

from avqa_lit.artifacts.differences import key_name
from avqa_lit.report.album import Album
from avqa_lit.report.axes_of_sweep import SweepAxes, sweep_axes
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.curves import curves
from avqa_lit.report.figures import category_figure, curve_figure, sweep_figures
from avqa_lit.report.grids import two_keys
from avqa_lit.report.markup import element, figure, wrap
from avqa_lit.report.wording import count, percent

IN_TABLE = "The numbers stand in the table."
CURVES = (
    ("train/loss", "Train loss", "mean of an epoch", 1),
    (f"val/{OVERALL}", "Val accuracy", "overall, %", 100),
)


def category_by_category(test_set: TestSet, album: Album) -> str:
    """The chosen configuration beside the prior."""
    text = f"{test_set.chosen.label} beside the question-only prior, category by category."
    svg = album.svg(category_figure(test_set), name="categories", description=f"{text} {IN_TABLE}")
    return figure(svg, text)


def what_was_varied(test_set: TestSet, album: Album) -> str:
    """Accuracy along the swept keys, on val and test."""
    sweep = sweep_axes(test_set)
    if sweep is None:
        return element("p", "One configuration: nothing was varied.", css="note")
    name = key_name(sweep.axis)
    drawings = (
        figure(
            album.svg(
                drawn,
                name=f"sweep-{split}",
                description=f"Overall {split} accuracy against {name}. {IN_TABLE}",
            )
        )
        for split, drawn in sweep_figures(test_set, sweep).items()
    )
    lines = wrap("div", "".join(drawings), css="figures") + element(
        "p", _caption(test_set, sweep), css="note"
    )
    return lines + wrap("div", "".join(two_keys(test_set, sweep, album)), css="figures")


def _caption(test_set: TestSet, sweep: SweepAxes) -> str:
    several = any(one.seeds > 1 for one in test_set.configurations)
    kind = "over seeds (Wilson's over questions for a single run)" if several else "Wilson's, over questions"
    text = f"Bars are 95% intervals, {kind}."
    if not several and not test_set.results[0].total("val"):
        text = f"{text} Val has none: the runs keep no counts of it."
    if sweep.is_numeric:
        text += f" The tested values of {key_name(sweep.axis)} stand in order, evenly spaced."
    prior = test_set.prior(OVERALL)
    if prior is not None:
        text += f" The question-only prior answers {percent(prior)}% of the test questions."
    if sweep.others:
        names = " and ".join(key_name(key) for key in sweep.others)
        text += f" At each point {names} is as in the configuration that is best on val there."
    return text


def training(test_set: TestSet, album: Album) -> str:
    """Train loss and accuracy on val over the epochs, all runs."""
    drawings = ""
    for metric, name, y_label, scale in CURVES:
        lines = curves(test_set, metric, scale=scale)
        if not lines:
            continue
        prior = test_set.prior(OVERALL, "val") if metric == f"val/{OVERALL}" else None
        drawn = curve_figure(lines, title=name, y_label=y_label, prior=None if prior is None else 100 * prior)
        epochs = count(max(one.epochs[-1] for one in lines), "epoch")
        text = f"{name} of {count(len(lines), 'run')} over {epochs}."
        svg = album.svg(drawn, name=metric, description=text)
        drawings += figure(svg)
    if not drawings:
        return element("p", "No run logged a train loss or an accuracy on val.", css="note")
    return wrap("div", drawings, css="figures") + element(
        "p", "Point at a line to read its name.", css="note"
    )
