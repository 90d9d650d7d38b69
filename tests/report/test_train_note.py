import json

import pytest

from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.published import official_totals
from avqa_lit.report.table import build_table
from avqa_lit.report.table_notes import table_notes


def built(*sweeps):
    (test_set,) = sets_of(collect([sweep.write() for sweep in sweeps]).results)
    return build_table(test_set)


def with_train(folder, *, questions, prior=True):
    """Change what a run says of its train split."""
    path = folder / "results.json"
    content = json.loads(path.read_text("utf-8"))
    content["data"]["questions"] = questions
    if not prior:
        content["no_prior"] = {"test": "no train questions: it is null"}
    path.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(("questions", "told"), [(31927, False), (32087, False), (4568, True)])
def test_a_train_split_that_is_not_the_official_one_is_named_beside_published_rows(fake, questions, told):
    sweep = fake(totals=tuple(official_totals().values()))
    with_train(sweep.add("a", predictions="without"), questions={"train": questions})
    table = built(sweep)
    assert table.published
    assert (
        any("another train split" in note and "4,568 questions" in note for note in table_notes(table))
        == told
    )


def test_without_published_rows_any_train_split_is_as_good(fake):
    sweep = fake()
    with_train(sweep.add("a"), questions={"train": 4568})
    assert not any("another train split" in note for note in table_notes(built(sweep)))


def test_rows_without_a_prior_stand_beside_those_with_one_and_alone_they_say_why(fake):
    sweep, later = fake(), fake("evaluate")
    with_train(later.score("a", predictions={"file": "x.json"}, prior=False), questions={}, prior=False)
    alone = built(later)
    assert alone.prior is None
    assert "There is no question-only prior: no train questions: it is null." in table_notes(alone)
    sweep.add("b")
    beside = built(sweep, later)
    assert beside.prior is not None
    assert len(beside.configurations + beside.scored) == 2
