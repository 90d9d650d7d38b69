import csv

import pytest

from avqa_lit.analysis.intervals import bootstrap_mean
from avqa_lit.report.chapter import chapters
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.leaderboard import leaderboard


def read(*sweeps):
    return sets_of(collect([sweep.write() for sweep in sweeps]).results)


def given(name):
    return {"file": f"/x/{name}", "name": name, "sha256": name}


@pytest.fixture
def answered(fake):
    """A folder of two programs' answers, of which the second is better."""
    later = fake("evaluate")
    for name, skill in (("a.json", 0.4), ("b.json", 0.7)):
        later.score(name, skill=skill, predictions=given(name))
    return later


def test_answers_are_compared_in_pairs_with_the_better_first(answered):
    (test_set,) = read(answered)
    rows = list(csv.reader(leaderboard(test_set).csv().splitlines()))
    assert rows[0] == ["Better", "Than", "Difference", "95% from", "to", "p (Holm)"]
    assert rows[1][:2] == ["answers in b.json", "answers in a.json"]
    worse, better = test_set.configurations
    gap = better.mean("acc/overall") - worse.mean("acc/overall")
    low, high = float(rows[1][3]), float(rows[1][4])
    assert float(rows[1][2]) == pytest.approx(gap)
    assert low < gap < high
    # Three questions share a video, and are right or wrong by chance of their own.
    assert high - low == pytest.approx(2 * bootstrap_mean(better.marks - worse.marks).half_width, rel=0.3)
    assert float(rows[1][5]) < 0.01


def test_the_chosen_run_is_among_them_and_other_runs_are_not(fake, answered):
    sweep = fake()
    sweep.add("good", skill=0.9, weight=0.1, val=0.9)
    sweep.add("bad", skill=0.2, weight=0.3, val=0.2)
    (test_set,) = read(sweep, answered)
    names = {entry for row in leaderboard(test_set).rows for entry in row[:2]}
    assert names == {"KL weight 0.1", "answers in a.json", "answers in b.json"}


def test_there_is_none_without_answers_of_other_programs_or_without_their_predictions(fake):
    sweep = fake().grid()
    assert leaderboard(read(sweep)[0]) is None
    later = fake("evaluate")
    later.score("a", predictions=given("a"))
    assert leaderboard(read(later)[0]) is None


def test_it_is_among_the_tables_of_the_chapter(answered):
    (chapter,) = chapters(read(answered))
    assert chapter.listings[0] is chapter.differences
    assert chapter.differences.name == "differences"
    assert "videos are drawn again" in chapter.differences.caption
