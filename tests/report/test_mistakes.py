import pytest

from avqa_lit.report.attention_figure import attention_figure, in_words
from avqa_lit.report.build import write_report
from avqa_lit.report.chosen_answers import chosen_answers
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.mistakes import OF_EACH


def chosen(sweep):
    (test_set,) = sets_of(collect([sweep.write()]).results)
    return test_set.chosen


def test_mistakes_are_the_most_certain_ones_of_each_category(fake):
    sweep = fake()
    run = sweep.add("a", skill=0.5)
    answers = chosen_answers(chosen(sweep))
    assert answers.run.folder == run
    rows = answers.run.run.predictions()
    for category in ("A-Count", "AV-Temp"):
        name = {"A-Count": "audio/counting", "AV-Temp": "audio_visual/temporal"}[category]
        wrong = [row for row in rows if row["category"] == name and row["answer"] != row["prediction"]]
        expected = sorted(wrong, key=lambda row: -row["probability"])[:OF_EACH]
        found = [one for one in answers.mistakes if one.category == category]
        assert [one.row for one in found] == [row["row"] for row in expected]
        assert [one.next_best for one in found] == [
            ((row["answer"], pytest.approx(1 - row["probability"])),) for row in expected
        ]
    assert not any(one.looks for one in answers.mistakes)


def test_attention_is_told_in_the_seconds_of_each_modality(fake):
    sweep = fake()
    sweep.add("a", skill=0.5)
    sweep.attend("a")
    looks = chosen_answers(chosen(sweep)).mistakes[0].looks
    assert list(looks) == ["audio", "visual"]
    assert looks["audio"].edges == pytest.approx([0, 0.96, 1.92, 2.88, 3.84])
    assert looks["visual"].edges == pytest.approx([0, 2, 4, 6])
    assert sum(look.total for look in looks.values()) == pytest.approx(1, abs=0.01)
    assert "most from 0 to 0.96 seconds" in in_words(looks)
    axes = attention_figure(looks).axes[0]
    heights = [patch.get_data() for patch in axes.patches]
    for data, look in zip(heights, looks.values(), strict=True):
        assert data.edges == pytest.approx(look.edges)
        assert (data.values * (look.edges[1:] - look.edges[:-1])).sum() == pytest.approx(100 * look.total)


def test_of_several_seeds_the_run_with_attention_is_looked_at(fake):
    sweep = fake()
    for seed in (0, 1):
        sweep.add(f"s{seed}", seed=seed)
    sweep.attend("s1")
    assert chosen_answers(chosen(sweep)).run.folder.name == "s1"


def test_the_page_shows_attention_with_words_and_without_javascript(fake, tmp_path):
    sweep = fake()
    sweep.add("a")
    sweep.attend("a")
    html = write_report([sweep.write()], tmp_path / "report.html").html.read_text("utf-8")
    assert "Attention is the last block" in html
    assert html.count("<svg ") == 4 + 18
    assert "of the attention, most from 0 to 0.96 seconds" in html


def test_attention_that_is_not_whole_is_told_and_does_not_stop_the_report(fake, tmp_path):
    sweep = fake()
    run = sweep.add("a")
    (run / "attention.npz").write_bytes(b"PK")
    html = write_report([sweep.write()], tmp_path / "report.html").html.read_text("utf-8")
    assert "expected arrays in .npz format" in html


def test_all_right_has_no_mistakes_and_no_predictions_no_section(fake, tmp_path):
    for name, arguments, text in (
        ("right", {"skill": 9}, "There are none: every answer is right."),
        ("without", {"predictions": "without"}, "The chosen configuration kept no predictions"),
    ):
        sweep = fake(name)
        sweep.add("a", **arguments)
        html = write_report([sweep.write()], tmp_path / "report.html").html.read_text("utf-8")
        assert text in html


def test_answers_without_probabilities_are_shown_without(fake, tmp_path):
    sweep = fake("evaluate")
    run = sweep.score("a", predictions={"file": "theirs.tsv", "sha256": "ab"})
    lines = (run / "predictions.jsonl").read_text("utf-8")
    import re

    text = re.sub(r'"probability": [0-9.]+', '"probability": null', lines)
    (run / "predictions.jsonl").write_text(re.sub(r'"top5": .*?\]\]', '"top5": []', text), "utf-8")
    html = write_report([sweep.write()], tmp_path / "report.html").html.read_text("utf-8")
    assert "</b><span>, true is </span>" in html
    assert "next best" not in html
