"""Tables, figures and chapters of data sets whose questions fall into other categories than MUSIC-AVQA's."""

import csv
import json
import re

import pytest

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.report.album import Album
from avqa_lit.report.build import write_report
from avqa_lit.report.collect import collect
from avqa_lit.report.columns import columns_of
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.correlation import correlations
from avqa_lit.report.grids import categories_over_runs
from avqa_lit.report.table import build_table
from avqa_lit.report.table_text import csv_table, markdown_table
from avqa_lit.taxonomy import MUSIC_AVQA, Category, Taxonomy

NESTED = Taxonomy(
    (
        Category("sound", "which", "S-Which", "Which"),
        Category("sound", "why", "S-Why", "Why"),
        Category("both", "why", "B-Why", "Why"),
    )
)
FLAT = Taxonomy(tuple(Category(None, name, name.title(), name.title()) for name in ("which", "why", "when")))
ONE = Taxonomy(FLAT.categories[:1])


def tabulate(sweep):
    (test_set,) = sets_of(collect([sweep.write()]).results)
    return build_table(test_set)


def test_columns_are_the_categories_and_the_averages_of_their_modalities():
    assert [(column.group, column.label) for column in columns_of(NESTED)] == [
        ("Sound", "Which"),
        ("Sound", "Why"),
        ("Both", "Why"),
        ("Averages, weighted by questions", "Sound"),
        ("Averages, weighted by questions", "Both"),
        ("Averages, weighted by questions", "Overall"),
        ("Unweighted means", "of types"),
        ("Unweighted means", "of modalities"),
    ]


def test_types_without_modalities_have_no_averages_of_modalities():
    columns = columns_of(FLAT)
    assert [column.metric for column in columns] == [
        "acc/which", "acc/why", "acc/when", "acc/overall", "acc/mean_of_types",
    ]  # fmt: skip
    assert [column.group for column in columns[:3]] == ["Types"] * 3


@pytest.mark.parametrize("taxonomy", [NESTED, FLAT])
def test_a_row_has_the_accuracies_of_its_own_categories(fake, taxonomy):
    sweep = fake(taxonomy=taxonomy, totals=(23, 31, 17))
    path = sweep.add("a", skill=0.6)
    table = tabulate(sweep)
    metrics = json.loads(RunFolder(path).results.read_text("utf-8"))["metrics"]
    (row,) = table.configurations
    assert table.totals[:3] == (23, 31, 17)
    assert [cell.value for cell in row.cells] == [
        metrics[f"test/{column.metric}"] for column in columns_of(taxonomy)
    ]
    assert "this test set has 71 questions of other categories." in table.remark


def test_the_official_numbers_of_questions_in_other_categories_are_not_the_official_split(fake):
    names = [name.replace("audio_visual", "both") for name in MUSIC_AVQA.names]
    renamed = Taxonomy(tuple(Category(*name.split("/"), name, name) for name in names))
    sweep = fake(taxonomy=renamed, totals=fake("x").official)
    sweep.add("a")
    table = tabulate(sweep)
    assert not table.published
    assert "has 9,129 questions of other categories." in table.remark


def test_runs_of_an_older_version_have_the_categories_of_music_avqa(fake):
    sweep = fake()
    path = sweep.add("a")
    results = RunFolder(path).results
    content = json.loads(results.read_text("utf-8"))
    del content["taxonomy"]
    results.write_text(json.dumps(content), "utf-8")
    assert [column.short for column in tabulate(sweep).columns][:2] == ["A-Count", "A-Comp"]


@pytest.mark.parametrize(
    "taxonomy, reason",
    [
        (
            7,
            "results.json: the taxonomy cannot be read: expected a list of categories, found 7; run it again",
        ),
        ([{"type": "which"}], "counts has 'test/audio/counting': .*expected <split>/<category>"),
    ],
)
def test_a_taxonomy_that_does_not_fit_its_run_is_told(fake, taxonomy, reason):
    sweep = fake()
    sweep.add("a", taxonomy=taxonomy)
    (job,) = collect([sweep.write()]).unfinished
    assert re.search(reason, job.reason)


@pytest.mark.slow
def test_several_taxonomies_have_a_chapter_each_and_share_one_csv(fake, tmp_path):
    sweeps = (
        fake("one"),
        fake("two", taxonomy=NESTED, totals=(23, 31, 17), checksum="other"),
        fake("three", taxonomy=ONE, totals=(19,), checksum="third"),
    )
    for number, sweep in enumerate(sweeps):
        sweep.add(f"run{number}", predictions="with prior")
        sweep.attend(f"run{number}")
    report = write_report([sweep.write() for sweep in sweeps], tmp_path / "r.html", tables=tmp_path / "t")
    page, markdown = report.html.read_text("utf-8"), report.markdown.read_text("utf-8")
    apart = "tested on different questions of different categories, so their accuracies cannot be compared"
    assert apart in page
    assert apart in markdown
    assert "| B-Why | " in (tmp_path / "t/set2-accuracy.md").read_text("utf-8")
    rows = list(csv.DictReader(report.csv.read_text("utf-8").splitlines()))
    of_set = {row["test_set"]: row for row in rows if row["kind"] == "configuration"}
    assert of_set["1"]["test/acc/sound/why"] == ""
    assert float(of_set["2"]["test/acc/sound/why"]) > 0
    assert of_set["2"]["test/acc/audio/counting"] == of_set["3"]["test/acc/mean_of_modalities"] == ""
    assert float(of_set["3"]["test/acc/which"]) == float(of_set["3"]["test/acc/overall"])


def test_markdown_and_csv_have_the_columns_of_the_taxonomy(fake):
    sweep = fake(taxonomy=FLAT, totals=(23, 31, 17))
    sweep.add("a")
    table = tabulate(sweep)
    heads = markdown_table(table).splitlines()[0]
    assert "| Which | Why | When | Overall (weighted) | Gain over prior | Mean of types |" in heads
    assert "test/acc/when,test/acc/overall,test/acc/mean_of_types,test/acc/overall/half" in csv_table([table])


def test_correlations_are_between_the_categories_that_there_are(fake):
    sweep = fake(taxonomy=NESTED, totals=(23, 31, 17))
    for number in range(10):
        sweep.add(f"run{number}", skill=0.4 + number / 50, weight=number / 10)
    (test_set,) = sets_of(collect([sweep.write()]).results)
    assert correlations(test_set).between.shape == (3, 3)
    text = categories_over_runs(test_set, Album())
    assert "of 6 numbers hardly one is by chance" in text


def test_one_category_is_correlated_with_nothing(fake):
    sweep = fake(taxonomy=ONE, totals=(23,))
    for number in range(10):
        sweep.add(f"run{number}", skill=0.4 + number / 50, weight=number / 10)
    (test_set,) = sets_of(collect([sweep.write()]).results)
    assert "There is one category" in categories_over_runs(test_set, Album())
