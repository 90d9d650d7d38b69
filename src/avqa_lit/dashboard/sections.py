"""What the W&B workspace shows: its sections and their panels, by the names that runs are logged under."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from avqa_lit.taxonomy import Taxonomy

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Section

STEP = "trainer/global_step"
OVERALL = ("val/acc/overall", "test/acc/overall")
NORM, KL_WEIGHT = "model.norm", "loss.kl.weight"
TERMS = ("kl", "info_nce", "cca", "soft_dtw", "cosine")
CONFUSION, PREDICTIONS, ATTENTION = "test/confusion_matrix", "test/predictions", "test/attention"

READ_ME = """\
**How to read this workspace.** Accuracies are fractions. Epoch and configuration are chosen on `val`;
`test` is read once, for what was chosen. Several kinds of average exist, and papers call each of them a
total: `overall` weighs all questions alike, `mean_of_types` all categories, `mean_of_modalities` all
modalities; compare like with like. `prior` is the question-only prior, fitted on train: what one gets
without any video. Bars are means over the runs of a group, their whiskers standard errors.
"""


def sections(taxonomy: Taxonomy) -> list["Section"]:
    """All sections, from top to bottom.

    Args:
        taxonomy: the categories of the runs' questions.
    """
    return [
        _overview(taxonomy),
        _per_category(taxonomy),
        _sweep(),
        _alignment(),
        _training(taxonomy),
        _errors(),
    ]


def _overview(taxonomy: Taxonomy) -> "Section":
    from wandb_workspaces.reports.v2 import MarkdownPanel, RunComparer

    averages = ["overall", "mean_of_types", *(["mean_of_modalities"] if taxonomy.modalities else [])]
    scores = [
        f"test/{score}/{mean}" for mean in ("macro", "weighted") for score in ("precision", "recall", "f1")
    ]
    by_modality = [f"test/{prior}acc/{name}/avg" for name in taxonomy.modalities for prior in ("", "prior/")]
    return _section(
        "Overview",
        [
            MarkdownPanel(markdown=READ_ME),
            _bars(
                "Accuracy beside the question-only prior",
                ["test/acc/overall", "test/prior/acc/overall"],
                "Group",
            ),
            _bars("Kinds of average", [f"test/acc/{name}" for name in averages], "Group"),
            *([_bars("Each modality beside its prior", by_modality, "Group")] if by_modality else []),
            _bars("Precision, recall and F1 over answers", scores, "Group"),
            RunComparer(diff_only="split"),
        ],
        is_open=True,
    )


def _per_category(taxonomy: Taxonomy) -> "Section":
    """Each category; then the last one against all, and each modality against the last one."""
    test = [f"test/acc/{name}" for name in taxonomy.names]
    shown = {modality: modality.replace("_", "-") for modality in taxonomy.modalities}
    beside_prior = [
        _bars(
            f"{shown[modality]} questions beside the prior" if modality else "types beside the prior",
            [
                f"test/{prior}acc/{category.name}"
                for category in taxonomy.of_modality(modality)
                for prior in ("", "prior/")
            ],
            "Group",
        )
        for modality in taxonomy.modalities or (None,)
    ]
    last = taxonomy.categories[-1]
    against = [
        _scatter(
            f"Do {shown[modality]} questions pay for {shown[taxonomy.modalities[-1]]} ones?",
            f"test/acc/{taxonomy.modalities[-1]}/avg",
            f"test/acc/{modality}/avg",
        )
        for modality in taxonomy.modalities[:-1]
    ]
    return _section(
        "Per category",
        [
            _bars("Categories by norm placement", test, NORM),
            *beside_prior,
            _scatter(f"Does {last.type} fall when the rest rises?", OVERALL[1], f"test/acc/{last.name}"),
            *against,
        ],
        is_open=True,
    )


def _sweep() -> "Section":
    from wandb_workspaces.reports.v2 import (
        Config,
        ParallelCoordinatesPlot,
        ParallelCoordinatesPlotColumn,
        ParameterImportancePlot,
        SummaryMetric,
    )

    swept = (KL_WEIGHT, NORM, "model._target_", "schedule._target_", "optimizer.lr", "seed")
    columns = [
        *(ParallelCoordinatesPlotColumn(metric=Config(name), display_name=name) for name in swept),
        *(ParallelCoordinatesPlotColumn(metric=SummaryMetric(name), display_name=name) for name in OVERALL),
    ]
    return _section(
        "Sweep",
        [
            *(_scatter(f"{name} against KL weight", Config(KL_WEIGHT), name) for name in OVERALL),
            _bars("Pre-LN against post-LN", OVERALL, NORM),
            ParallelCoordinatesPlot(title="All that is swept", columns=columns),
            ParameterImportancePlot(with_respect_to=OVERALL[0]),
        ],
    )


def _alignment() -> "Section":
    from wandb_workspaces.reports.v2 import LinePlot

    return _section(
        "Alignment losses",
        [
            LinePlot(title="All terms in training", x=STEP, metric_regex="train/loss/.*"),
            *(_lines(f"Term {name}", [f"train/loss/{name}", f"val/loss/{name}"]) for name in TERMS),
            _scatter("Do aligned modalities answer better?", "test/loss/kl", OVERALL[1]),
        ],
    )


def _training(taxonomy: Taxonomy) -> "Section":
    return _section(
        "Training",
        [
            _lines("Loss", ["train/loss", "val/loss"]),
            _lines("Accuracy", ["train/acc/overall", "val/acc/overall"]),
            _lines("Learning rate", ["train/lr"]),
            *(
                _lines(f"Accuracy on {name} questions", [f"val/acc/{name}/avg"])
                for name in taxonomy.modalities
            ),
        ],
    )


def _errors() -> "Section":
    from wandb_workspaces.reports.v2 import CustomChart, MediaBrowser, WeavePanelSummaryTable

    shown = ("Actual", "Predicted", "nPredictions")
    return _section(
        "Errors",
        [
            CustomChart(
                query={"summaryTable": {"tableKey": f"{CONFUSION}_table"}},
                chart_name="wandb/confusion_matrix/v1",
                chart_fields={name: name for name in shown},
                chart_strings={"title": "test: answer and prediction"},
            ),
            WeavePanelSummaryTable(table_name=PREDICTIONS),
            MediaBrowser(
                title="Attention behind the surest wrong answers", media_keys=[ATTENTION], num_columns=2
            ),
        ],
        columns=1,
    )


def _section(name: str, panels: Sequence[Any], *, is_open: bool = False, columns: int = 3) -> "Section":
    from wandb_workspaces.workspaces import Section, SectionLayoutSettings

    rows = -(-len(panels) // columns)
    layout = SectionLayoutSettings(columns=columns, rows=rows)
    return Section(name=name, panels=list(panels), is_open=is_open, layout_settings=layout)


def _bars(title: str, metrics: Sequence[str], by: str) -> Any:
    """Means over the runs that agree in `by`, a key of the config or "Group", with standard errors."""
    from wandb_workspaces.reports.v2 import BarPlot, Config

    return BarPlot(
        title=title,
        metrics=list(metrics),
        groupby=by if by == "Group" else Config(by),
        groupby_aggfunc="mean",
        groupby_rangefunc="stderr",
    )


def _lines(title: str, metrics: Sequence[str]) -> Any:
    from wandb_workspaces.reports.v2 import LinePlot

    return LinePlot(title=title, x=STEP, y=list(metrics))


def _scatter(title: str, x: Any, y: str) -> Any:
    """One point a run; `x` is a final metric or a Config, `y` a final metric."""
    from wandb_workspaces.reports.v2 import ScatterPlot, SummaryMetric

    return ScatterPlot(
        title=title, x=SummaryMetric(x) if isinstance(x, str) else x, y=SummaryMetric(y), regression=True
    )
