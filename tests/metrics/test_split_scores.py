"""Scores of another program's answers."""

import json
import os
import random
from pathlib import Path

import pytest
from sklearn.metrics import precision_recall_fscore_support

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.data.answer_coverage import answers_in_order
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.answer_order import named_answers
from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.official import OfficialLayout
from avqa_lit.metrics.split_scores import UNKNOWN, score_answers

# Order of first appearance in the train file that published result files number their answers by.
PUBLISHED = (
    "two cello congas zero no pipa six yes one four three seven five ukulele right piano left accordion "
    "clarinet guzheng more_than_ten nine indoor saxophone drum violin middle outdoor bagpipe bassoon "
    "acoustic_guitar banjo electric_bass ten eight flute simultaneously trumpet erhu xylophone tuba suona"
)


def question(row, category, answer, text="How?"):
    return Question(row, str(row), f"v{row}", f"v{row}", category, "How?", text, answer)


def annotated(asked, train):
    return Annotated(Path("data"), "c", "test", train=train, asked=asked)


def test_answers_are_counted_by_category_beside_the_prior():
    train = [question(0, 0, "two"), question(1, 0, "two"), question(2, 3, "left")]
    asked = [question(0, 0, "two"), question(2, 0, "one"), question(5, 3, "left"), question(7, 8, "ten")]
    scores = score_answers(annotated(asked, train), ["two", "two", "a drum", "ten"])
    assert scores.metrics["test/acc/overall"] == 1 / 4
    assert scores.metrics["test/acc/audio/counting"] == 1 / 2
    assert scores.metrics["test/prior/acc/overall"] == 1 / 4
    assert scores.counts["test/audio_visual/temporal"] == {"correct": 0, "total": 1}
    assert scores.unseen_answers == 2
    assert [row["prediction"] for row in scores.predictions] == ["two", "two", UNKNOWN, UNKNOWN]
    assert [row["given"] for row in scores.predictions] == ["two", "two", "a drum", "ten"]
    assert [row["row"] for row in scores.predictions] == [0, 2, 5, 7]


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
    return Path(os.environ["AVQA_REAL_DATA"]) / "music_avqa"


@pytest.fixture(scope="module")
def published_order():
    return [name.replace("more_than_ten", "more than ten") for name in PUBLISHED.split()]


@pytest.fixture(params=["the order of train", "an order that train has not"])
def real_test(request, real, published_order, tmp_path):
    """The real test questions; train is the val file, with every answer of the published order before it."""
    train = json.loads((real / "avqa-val.json").read_text("utf-8"))
    if request.param == "the order of train":
        train = [dict(train[0], anser=name) for name in published_order] + train
    (tmp_path / "train.json").write_text(json.dumps(train))
    source = OfficialLayout(
        raw=str(real),
        annotations={"train": str(tmp_path / "train.json"), "val": "avqa-val.json", "test": "avqa-test.json"},
        audio=Extraction("vggish"),
        visual=Extraction("r2plus1d_18"),
        batch_size=64,
    )
    return request.param, source.annotated("test")


def test_a_published_result_file_of_the_real_test_questions_is_scored_exactly(
    real_test, published_order, tmp_path
):
    case, data = real_test
    numbers = {name: number for number, name in enumerate(published_order)}
    rng = random.Random(7)
    guesses = [rng.choice([one.answer, one.answer, *published_order]) for one in data.asked]
    lines = [
        f"{one.question_id}\t{guess == one.answer}\t{numbers[guess]}\t{numbers[one.answer]}\n"
        for one, guess in zip(data.asked, guesses, strict=True)
    ]
    rng.shuffle(lines)
    path = tmp_path / "result.txt"
    path.write_text("".join(lines))
    named = named_answers(path, answers_in_order(path, read_answer_file(path), data), data)
    assert named.own_order == (case != "the order of train")
    scores = score_answers(data, named.answers)
    right = sum(line.split("\t")[1] == "True" for line in lines)
    assert len(scores.predictions) == 9129
    assert scores.metrics["test/acc/overall"] == right / 9129
    assert sum(count["correct"] for count in scores.counts.values()) == right
    totals = [1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822]
    assert [count["total"] for count in scores.counts.values()] == totals
    named_rightly = [name if name in data.answers else UNKNOWN for name in guesses]
    if case == "the order of train":
        assert [row["prediction"] for row in scores.predictions] == named_rightly
