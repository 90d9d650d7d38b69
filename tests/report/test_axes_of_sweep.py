import pytest

from avqa_lit.analysis.intervals import wilson
from avqa_lit.report.axes_of_sweep import sweep_axes
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.figures import curve_figure, sweep_figures


@pytest.fixture
def vary(fake):
    """Test set of runs with the given settings on top of the default ones."""

    def make(*settings, **arguments):
        sweep = fake()
        for number, one in enumerate(settings):
            config = sweep.config(weight=one.get("weight", 0.0), norm=one.get("norm", "pre"), seed=0)
            extra = {name: value for name, value in one.items() if name not in ("weight", "norm")}
            sweep.add(f"run{number}", config=config | extra, val=0.3 + number / 100, **arguments)
        (test_set,) = sets_of(collect([sweep.write()]).results)
        return test_set

    return make


def test_kl_weight_is_the_axis_and_norm_tells_the_lines_apart(vary):
    test_set = vary(*({"weight": w, "norm": n} for w in (1.0, 0.0, 0.1) for n in ("pre", "post")))
    sweep = sweep_axes(test_set)
    assert (sweep.axis, sweep.group, sweep.others) == ("loss.kl.weight", "model.norm", ())
    assert sweep.values == (0.0, 0.1, 1.0)
    lines = dict(sweep.series(test_set))
    assert [place for place, _ in lines["norm pre"]] == [0, 1, 2]
    assert [one.setting("loss.kl.weight") for _, one in lines["norm post"]] == [0.0, 0.1, 1.0]


def test_a_key_with_words_gives_points_and_no_line(vary):
    sweep = sweep_axes(vary({"norm": "post"}, {"norm": "pre"}))
    assert (sweep.axis, sweep.group, sweep.is_numeric) == ("model.norm", None, False)


def test_other_numbers_are_an_axis_too(vary):
    sweep = sweep_axes(vary(*({"optimizer": {"lr": rate}} for rate in (1e-3, 1e-4, 1e-5))))
    assert (sweep.axis, sweep.values, sweep.is_numeric) == ("optimizer.lr", (1e-5, 1e-4, 1e-3), True)


def test_one_configuration_has_no_axis(vary):
    assert sweep_axes(vary({})) is None


def test_with_three_keys_each_point_is_the_best_on_val_there(vary):
    test_set = vary(
        *(
            {"weight": w, "norm": n, "x": x}
            for x in ("a", "b")
            for w in (0.0, 0.1, 0.2)
            for n in ("pre", "post")
        )
    )
    sweep = sweep_axes(test_set)
    assert sweep.others == ("x",)
    assert {one.setting("x") for _, line in sweep.series(test_set) for _, one in line} == {"b"}


def test_points_and_bars_stand_at_the_accuracy_and_its_wilson_interval(vary):
    test_set = vary({"weight": 0.0}, {"weight": 0.1})
    figures = sweep_figures(test_set, sweep_axes(test_set))
    assert figures["val"].axes[0].get_ylim() == figures["test"].axes[0].get_ylim()
    line, *bars = figures["test"].axes[0].lines
    for place, one in enumerate(test_set.configurations):
        right = sum(correct for correct, _ in one.results[0].counts["test"].values())
        interval = wilson(right, 363)
        assert line.get_ydata()[place] == pytest.approx(100 * right / 363)
        assert list(bars[place].get_ydata()) == pytest.approx([100 * interval.low, 100 * interval.high])
    assert [text.get_text() for text in figures["test"].axes[0].get_xticklabels()] == ["0", "0.1"]


def test_curves_are_means_of_an_epochs_steps_and_name_the_run(vary):
    from avqa_lit.report.curves import curves

    test_set = vary({"weight": 0.0}, {"weight": 0.1})
    loss = curves(test_set, "train/loss")
    rows = [row for row in test_set.results[0].run.metrics if "train/loss" in row and row["epoch"] == 0]
    assert loss[0].epochs == (1, 2, 3, 4, 5)
    assert loss[0].values[0] == pytest.approx(sum(row["train/loss"] for row in rows) / 3)
    assert [(one.name, one.is_chosen) for one in loss] == [
        ("KL weight 0 (seed 0)", False),
        ("KL weight 0.1 (seed 0)", True),
    ]
    front = curve_figure(loss, title="t", y_label="y").axes[0].lines[1]
    assert front.get_gid() == "tip:KL weight 0.1 (seed 0)"
