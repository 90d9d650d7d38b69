"""Scores of another program's answers."""

import os
import random
from pathlib import Path

import pytest
from sklearn.metrics import precision_recall_fscore_support

from avqa_lit.artifacts.results import Marks
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.data.answer_coverage import answers_in_order
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.answer_order import named_answers
from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.official import OfficialLayout
from avqa_lit.metrics.split_scores import UNKNOWN, score_answers
from avqa_lit.taxonomy import MUSIC_AVQA

PRINTED = {
    "audio/counting": "84.07", "audio/comparative": "64.65", "audio/avg": "76.91", "visual/counting": "82.29",
    "visual/location": "84.90", "visual/avg": "83.61", "audio_visual/existential": "82.19",
    "audio_visual/location": "71.85", "audio_visual/counting": "76.21", "audio_visual/comparative": "65.76",
    "audio_visual/temporal": "71.17", "audio_visual/avg": "73.51", "overall": "76.79",
}  # fmt: skip


def question(row, category, answer, text="How?"):
    return Question(row, str(row), f"v{row}", f"v{row}", category, "How?", text, answer)


def annotated(asked, train):
    return Annotated(
        Path("data"), "c", "test", train=train, asked=asked, taxonomy=MUSIC_AVQA, no_train="it is null"
    )


def test_answers_are_counted_by_category_beside_the_prior():
    train = [question(10, 0, "two"), question(11, 0, "two"), question(12, 3, "left")]
    asked = [question(0, 0, "two"), question(2, 0, "one"), question(5, 3, "left"), question(7, 8, "ten")]
    scores = score_answers(annotated(asked, train), ["two", "two", "a drum", "ten"])
    assert scores.metrics["test/acc/overall"] == 2 / 4
    assert scores.metrics["test/acc/audio/counting"] == 1 / 2
    assert scores.metrics["test/prior/acc/overall"] == 1 / 4
    assert scores.counts["test/audio_visual/temporal"] == Marks(correct=1, total=1)
    assert scores.unseen_answers == 2
    assert [row["prediction"] for row in scores.predictions] == ["two", "two", UNKNOWN, "ten"]
    assert [row["given"] for row in scores.predictions] == ["two", "two", "a drum", "ten"]
    assert [row["row"] for row in scores.predictions] == [0, 2, 5, 7]


def test_train_decides_nothing_but_the_prior():
    asked = [question(0, 0, "two"), question(1, 3, "left")]
    train = [question(7, 0, "three")]
    of = {
        name: score_answers(annotated(asked, rows), ["two", "right"])
        for name, rows in (("a", train), ("b", None))
    }
    for scores in of.values():
        assert scores.metrics["test/acc/overall"] == 1 / 2
        assert [row["prediction"] for row in scores.predictions] == ["two", UNKNOWN]
    assert (of["a"].unseen_answers, of["b"].unseen_answers) == (2, None)
    assert (of["a"].no_prior, of["b"].no_prior) == ("", "no train questions: it is null")
    assert [row.get("prior") for row in of["a"].predictions] == ["three", "three"]
    assert not any("prior" in row for row in of["b"].predictions)


def test_a_prior_that_would_know_answers_of_the_split_is_refused():
    asked = [question(row, 0, "two") for row in range(3)]
    scores = score_answers(annotated(asked, [question(2, 0, "two"), question(9, 0, "one")]), ["two"] * 3)
    assert scores.no_prior.startswith("1 of the 3 questions of test stand in the train split (train) as well")
    assert not any("prior" in name for name in scores.metrics)
    assert scores.metrics["test/acc/overall"] == 1


def test_precision_recall_and_f1_are_those_of_scikit_learn():
    rng = random.Random(5)
    answers = ["one", "two", "yes", "no"]
    asked = [question(row, rng.randrange(9), rng.choice(answers)) for row in range(97)]
    given = [rng.choice(answers[1:]) for _ in asked]
    metrics = score_answers(annotated(asked, asked), given).metrics
    truths = [one.answer for one in asked]
    for average in ("macro", "weighted"):
        expected = precision_recall_fscore_support(truths, given, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
            assert metrics[f"test/{name}/{average}"] == pytest.approx(value, abs=1e-12)


@pytest.fixture(scope="module")
def real():
    if "AVQA_REAL_DATA" not in os.environ:
        pytest.skip("AVQA_REAL_DATA names no folder with published annotations")
    return Path(os.environ["AVQA_REAL_DATA"])


TRAIN = {
    "the synthetic videos": "avqa-train-synthetic-videos.json",
    "val": "avqa-val.json",
    "test itself": "avqa-test.json",
    "none": None,
}


@pytest.fixture(scope="module", params=TRAIN)
def real_test(request, real):
    """The real test questions beside another train file each time; the official one is not at hand."""
    source = OfficialLayout(
        raw=str(real / "music_avqa"),
        annotations={"train": TRAIN[request.param], "val": None, "test": "avqa-test.json"},
        audio=Extraction("vggish"),
        visual=Extraction("r2plus1d_18"),
    )
    return request.param, source.annotated("test")


def scored(path, data):
    named = named_answers(path, answers_in_order(path, read_answer_file(path), data), data)
    return named, score_answers(data, named.answers)


def test_the_published_result_file_gives_the_published_accuracies_whatever_train_is_there(real, real_test):
    """As its authors printed them from it, in TSPM.acc beside it."""
    case, data = real_test
    named, scores = scored(real / "results" / "TSPM.result", data)
    assert named.truth_column == 3
    assert len(named.order) == 41
    assert {name: f"{100 * scores.metrics[f'test/acc/{name}']:.2f}" for name in PRINTED} == PRINTED
    assert len(scores.predictions) == 9129
    assert bool(scores.no_prior) == (case in ("test itself", "none"))
    assert ("test/prior/acc/overall" in scores.metrics) == (not scores.no_prior)
    assert all(("prior" in row) == (not scores.no_prior) for row in scores.predictions)


def test_swapped_columns_of_a_published_file_are_told_by_the_annotations(real, real_test, tmp_path):
    _, data = real_test
    lines = (real / "results" / "TSPM.result").read_text("utf-8").splitlines()
    fields = [[one.strip() for one in line.split("\t")] for line in lines]
    random.Random(7).shuffle(fields)
    path = tmp_path / "swapped.txt"
    path.write_text("".join(f"{a}.0\t{mark}\t{guess}\t{truth}\r\n" for a, mark, truth, guess in fields))
    named, scores = scored(path, data)
    assert named.truth_column == 4
    assert f"{100 * scores.metrics['test/acc/overall']:.2f}" == "76.79"


def test_a_number_that_is_no_truth_is_wrong_and_not_refused(real, real_test, tmp_path):
    _, data = real_test
    lines = (real / "results" / "TSPM.result").read_text("utf-8").splitlines()
    assert lines[0].split() == ["12", "True", "8", "8"]
    lines[0] = "12 \t False \t 8 \t 33"
    path = tmp_path / "with_ten.result"
    path.write_text("\n".join(lines))
    _, scores = scored(path, data)
    (row,) = [one for one in scores.predictions if one["question_id"] == "12"]
    assert (row["prediction"], row["given"]) == (UNKNOWN, "answer 33")
    assert sum(count.correct for count in scores.counts.values()) == 7010 - 1
