"""A study's summary, from the runs that it keeps."""

import pytest
import redraw

from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of


@pytest.fixture
def tests_of(fake):
    sweep = fake()
    for seed in range(3):
        for number, skill in enumerate((0.5, 0.5, 0.8, 0.5)):
            sweep.add(f"w{number}_{seed}", skill=skill, seed=seed, weight=0.1 * number)
    (tests,) = sets_of(collect([sweep.write()]).results)
    return tests


@pytest.fixture
def summary(tests_of, monkeypatch):
    """Summary of a study with these arguments."""

    def of(**arguments):
        monkeypatch.setitem(redraw.STUDIES, "mine", redraw.Study(["+experiment=mine"], **arguments))
        results = redraw.summary("mine", [tests_of])
        results["data"]["questions"] = {"train": 1009, "test": tests_of.questions}
        return results

    return of


def test_configurations_are_tested_against_the_reference(summary):
    results = summary(reference="KL weight 0")
    assert results["command"] == "python -m avqa_lit.train +experiment=mine"
    assert set(results["against_reference"]) == {"KL weight 0.1", "KL weight 0.2", "KL weight 0.3"}
    page = redraw.outcome(results)
    assert "Significantly different from *KL weight 0* overall: KL weight 0.2." in page
    better = results["against_reference"]["KL weight 0.2"]["overall"]
    assert f"| KL weight 0.2 | **+{100 * better['difference']:.1f} (p < 0.01)**" in page


def test_categories_are_correlated_over_the_runs(summary):
    results = summary(correlates=True)
    assert results["correlations"]["runs"] == 12
    assert "| audio_visual/temporal | " in redraw.outcome(results)


def test_a_reference_that_no_run_has_is_an_error(summary):
    with pytest.raises(ValueError, match="not enough values"):
        summary(reference="KL weight 7")


def share_of(sweep, share, *, ahead):
    """A model and one that is `ahead` of it, trained on a share of the videos."""
    for seed in range(3):
        for model, skill in (
            ("cross_attention.CrossAttention", 0.5),
            ("answer_slots.AnswerSlots", 0.5 + ahead),
        ):
            config = sweep.config(weight=0, norm="pre", seed=seed)
            config["model"]["_target_"] = f"avqa_lit.models.{model}"
            config["data"]["train_share"] = share
            sweep.add(f"{share}_{model}_{seed}", skill=skill, seed=seed, config=config)
    (tests,) = sets_of(collect([sweep.write()]).results)
    return tests


def test_a_learning_curve_is_told_share_by_share(fake, monkeypatch):
    sets = [share_of(fake(f"share{share}"), share, ahead=ahead) for share, ahead in ((1, 0.3), (0.25, 0.0))]
    study = redraw.Study(["+experiment=mine"], reference="AnswerSlots", by_share=True)
    monkeypatch.setitem(redraw.STUDIES, "mine", study)
    results = redraw.summary("mine", sets)
    small, whole = results["shares"]
    assert (small["train_share"], whole["train_share"]) == (0.25, 1)
    for tests, kept in zip(sets, (whole, small), strict=True):
        assert kept["prior"] == tests.prior("acc/overall")
        for one in tests.configurations:
            name = one.setting("model._target_").rpartition(".")[2]
            assert kept["models"][name]["test"] == one.values("acc/overall")
    assert (
        whole["against_reference"]["CrossAttention"]["p"]
        < 0.05
        < small["against_reference"]["CrossAttention"]["p"]
    )
    results["data"]["questions"]["test"] = sets[0].questions
    rows = [line for line in redraw.outcome(results).splitlines() if line.startswith(("| 25% |", "| 100% |"))]
    assert ["**" in row for row in rows] == [False, True]
