"""The report's figures: what the video adds, accuracy along the sweep, training curves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from avqa_lit.artifacts.differences import key_name, value_name
from avqa_lit.report.axes_of_sweep import SweepAxes
from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import Configuration, TestSet
from avqa_lit.report.curves import Curve
from avqa_lit.report.svg import INK, MARKERS, MUTED, PAPER, RULE, SERIES, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DODGE = 0.09  # places between the error bars of neighbouring lines
MOST_TICKS = 9
SPLITS = {"val": "Val", "test": "Test"}
PRIOR: dict[str, Any] = {
    "marker": "o",
    "linestyle": "none",
    "color": PAPER,
    "markeredgecolor": MUTED,
    "markersize": 7,
}
CHOSEN: dict[str, Any] = {"color": SERIES[0], "linewidth": 1.4}


def category_figure(test_set: TestSet) -> "Figure":
    """For each category the prior's accuracy and, joined to it, the chosen configuration's interval."""
    categories = test_set.taxonomy.categories
    height = 0.8 + 0.4 * len(categories)
    with drawing(title="What the video adds", x_label="test accuracy, %", height=height) as (figure, axes):
        for place, category in enumerate(categories):
            metric = f"acc/{category.name}"
            value, prior = test_set.chosen.mean(metric), test_set.prior(metric)
            interval = test_set.chosen.interval(metric, [category.name])
            if value is not None and prior is not None:
                axes.plot([100 * prior, 100 * value], [place, place], color=RULE, linewidth=3)
                axes.plot(100 * prior, place, **PRIOR)
            if interval is not None:
                axes.plot([100 * interval.low, 100 * interval.high], [place, place], **CHOSEN)
            if value is not None:
                axes.plot(100 * value, place, marker="o", markersize=7, **CHOSEN)
        axes.set_yticks(range(len(categories)), [category.label for category in categories], color=INK)
        axes.set_ylim(len(categories) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.plot([], [], label="question-only prior", **PRIOR)
        axes.plot([], [], marker="o", markersize=7, label="chosen, 95% interval", **CHOSEN)
        _legend_above(axes)
    return figure


def sweep_figures(test_set: TestSet, sweep: SweepAxes) -> dict[str, "Figure"]:
    """Overall accuracy along the swept key by split, on one scale, one line a group, with intervals."""
    figures = {
        split: _sweep_figure(test_set, sweep, split)
        for split in SPLITS
        if any(one.mean(OVERALL, split) is not None for one in test_set.configurations)
    }
    ranges = [figure.axes[0].get_ylim() for figure in figures.values()]
    for figure in figures.values():
        figure.axes[0].set_ylim(min(low for low, _ in ranges), max(high for _, high in ranges))
    return figures


def _sweep_figure(test_set: TestSet, sweep: SweepAxes, split: str) -> "Figure":
    with drawing(title=SPLITS[split], x_label=key_name(sweep.axis), y_label="overall accuracy, %") as (
        figure,
        axes,
    ):
        series = sweep.series(test_set)
        for number, (name, line) in enumerate(series):
            shift = DODGE * (number - (len(series) - 1) / 2)
            placed = [(place + shift, one) for place, one in line if one.mean(OVERALL, split) is not None]
            style: dict[str, Any] = {
                "color": SERIES[number % len(SERIES)],
                "marker": MARKERS[number % len(MARKERS)],
            }
            _line(axes, placed, split, name=name, joined=sweep.is_numeric, style=style)
        for number, (_, line) in enumerate(series):
            shift = DODGE * (number - (len(series) - 1) / 2)
            _ring(axes, [(place + shift, one) for place, one in line if one is test_set.chosen], split)
        step = -(-len(sweep.values) // MOST_TICKS)
        names = [value_name(value) for value in sweep.values[::step]]
        axes.set_xticks(range(0, len(sweep.values), step), names, color=INK)
        axes.set_xlim(-0.5, len(sweep.values) - 0.5)
        axes.grid(visible=False, axis="x")
        _legend_above(axes)
    return figure


def _line(
    axes: "Axes",
    placed: Sequence[tuple[float, Configuration]],
    split: str,
    *,
    name: str,
    joined: bool,
    style: dict[str, Any],
) -> None:
    values = [100 * (one.mean(OVERALL, split) or 0) for _, one in placed]
    line = "-" if joined else "none"
    axes.plot(
        [place for place, _ in placed], values, linestyle=line, markersize=6, label=name or None, **style
    )
    for place, configuration in placed:
        interval = configuration.interval(OVERALL, configuration.results[0].taxonomy.names, split)
        if interval is not None:
            bounds = [100 * interval.low, 100 * interval.high]
            axes.plot([place, place], bounds, color=style["color"], linewidth=1.2)


def _ring(axes: "Axes", placed: Sequence[tuple[float, Configuration]], split: str) -> None:
    """Circles the chosen configuration, in front of all lines."""
    for place, one in placed:
        value = one.mean(OVERALL, split)
        if value is not None:
            ring: dict[str, Any] = {
                "color": "none",
                "markeredgecolor": INK,
                "markersize": 13,
                "linestyle": "none",
            }
            axes.plot(place, 100 * value, marker="o", label="chosen", **ring)


def curve_figure(
    curves: Sequence[Curve], *, title: str, y_label: str, prior: float | None = None
) -> "Figure":
    """One line a run over the epochs: the chosen in front, others muted, each named by its tooltip."""
    with drawing(title=title, x_label="epoch", y_label=y_label) as (figure, axes):
        for curve in sorted(curves, key=lambda one: one.is_chosen):
            front: dict[str, Any] = (
                {"color": SERIES[0], "linewidth": 2.2} if curve.is_chosen else {"color": MUTED, "alpha": 0.45}
            )
            marker = "o" if len(curve.epochs) == 1 else None
            name = "chosen" if curve.is_chosen else "other runs"
            gid = f"tip:{curve.name}"
            axes.plot(
                curve.epochs, curve.values, **{"linewidth": 1, **front}, marker=marker, label=name, gid=gid
            )
        if prior is not None:
            axes.axhline(prior, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="question-only prior")
        axes.locator_params(axis="x", integer=True)
        _legend_above(axes)
    return figure


def _legend_above(axes: "Axes") -> None:
    """A legend between title and axes, where it covers no point; each name once."""
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    if named:
        columns = 3 if sum(map(len, named)) < 48 else 2
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "borderaxespad": 0.2}
        axes.legend(list(named.values()), list(named), ncols=columns, columnspacing=1.2, **place)
        axes.set_title(axes.get_title(loc="left"), pad=10 + 19 * -(-len(named) // columns))
