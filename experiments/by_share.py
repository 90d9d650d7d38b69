"""A study over shares of the training videos: what is kept of it, and its figure."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avqa_lit.analysis.intervals import t_interval
from avqa_lit.artifacts.differences import value_name
from avqa_lit.report.album import Album, write_figures
from avqa_lit.report.columns import OVERALL, columns_of
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.significance import differences
from avqa_lit.report.svg import INK, MARKERS, PAPER, SERIES, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE = "learning-curve"


def shares(sets: Iterable[TestSet], *, reference: str) -> list[dict[str, Any]]:
    """Every share from the smallest on: its prior, which is fitted on it, and each model's accuracies.

    Args:
        sets: runs on one share each, since priors tell them apart.
        reference: model that the others are tested against on the same share.
    """
    found = [_share(tests, reference=reference) for tests in sets]
    return sorted(found, key=lambda one: float(one["train_share"]))


def _share(tests: TestSet, *, reference: str) -> dict[str, Any]:
    models = {
        value_name(configuration.setting("model._target_")): configuration
        for configuration in tests.configurations
    }
    others = {name: configuration for name, configuration in models.items() if name != reference}
    (overall,) = (column for column in columns_of(tests.taxonomy) if column.metric == OVERALL)
    tested = differences(models[reference], list(others.values()), overall)
    return {
        "train_share": tests.configurations[0].setting("data.train_share"),
        "questions": tests.results[0].run.results.data.questions["train"],
        "prior": tests.prior(OVERALL),
        "models": {
            name: {
                "epochs": configuration.setting("trainer.max_epochs"),
                "seeds": [result.seed for result in configuration.results],
                "val": configuration.values(OVERALL, "val"),
                "test": configuration.values(OVERALL),
                "categories": {name: configuration.values(f"acc/{name}") for name in tests.taxonomy.names},
                "fit_seconds": [result.run.results.seconds.fit for result in configuration.results],
            }
            for name, configuration in models.items()
        },
        "against_reference": {
            name: {"difference": difference.value, "p": difference.p}
            for name, difference in zip(others, tested, strict=True)
        },
    }


def draw(kept: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write the figure as SVG, on white paper."""
    album = Album(figures={FIGURE: _figure(kept)})
    (path,) = write_figures([album], folder, formats=["svg"])
    return path


def _figure(kept: Sequence[Mapping[str, Any]]) -> "Figure":
    questions = [share["questions"] for share in kept]
    with drawing(x_label="training questions", y_label="test accuracy, %") as (figure, axes):
        figure.set_facecolor(PAPER)
        axes.set_xscale("log", base=2)
        for number, name in enumerate(kept[0]["models"]):
            intervals = [t_interval(share["models"][name]["test"]) for share in kept]
            means = [100 * one.estimate for one in intervals]
            axes.errorbar(
                [one * 1.03 ** (number - 1) for one in questions],
                means,
                yerr=[100 * one.half_width for one in intervals],
                color=SERIES[number],
                marker=MARKERS[number],
                elinewidth=1.2,
                label=name,
            )
        prior = [100 * share["prior"] for share in kept]
        axes.plot(
            questions, prior, color=INK, linestyle=(0, (4, 3)), linewidth=1, label="question-only prior"
        )
        axes.set_xticks(questions, [f"{one:,}" for one in questions], color=INK)
        axes.minorticks_off()
        axes.legend(loc="upper left")
    return figure
