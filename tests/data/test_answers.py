"""Given answers meet the questions of a split."""

from pathlib import Path

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.data.answer_coverage import answers_in_order
from avqa_lit.data.answer_order import named_answers
from avqa_lit.data.given_answer import GivenAnswer
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA

FILE = Path("given")


def question(row, identity=None, answer="yes"):
    return Question(row, identity, "v", "v", 0, "t", "t?", answer)


def annotated(asked, *, train=("yes", "no"), **changes):
    if train is not None:
        train = [question(row, answer=answer) for row, answer in enumerate(train)]
    fixed = {"where": Path("data"), "checksum": "c", "split": "test", "taxonomy": MUSIC_AVQA}
    return Annotated(**(fixed | changes), train=train, asked=asked)


def by_id(*pairs):
    return [GivenAnswer(f"line {n}", None, one, answer) for n, (one, answer) in enumerate(pairs, start=1)]


def by_row(*pairs):
    return [GivenAnswer(f"line {n}", one, None, answer) for n, (one, answer) in enumerate(pairs, start=1)]


def published(*lines):
    return [
        GivenAnswer(f"line {n}", None, one, answer, truth, is_right=answer == truth)
        for n, (one, truth, answer) in enumerate(lines, start=1)
    ]


def test_answers_come_in_the_order_of_the_split_however_they_are_given():
    data = annotated([question(0, "a"), question(2, "b"), question(5, "c")])
    for given in (by_id(("c", "3"), ("a", "1"), ("b", "2")), by_row((5, "3"), (0, "1"), (2, "2"))):
        assert [one.answer for one in answers_in_order(FILE, given, data)] == ["1", "2", "3"]


def test_a_repeated_or_missing_id_does_not_matter_where_rows_are_named():
    data = annotated([question(0, "a"), question(1, "a"), question(2)])
    given = by_row((2, "x"), (1, "y"), (0, "z"))
    assert [one.answer for one in answers_in_order(FILE, given, data)] == ["z", "y", "x"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (by_id(("a", "x")), r"answers 1 of the 2 questions of test; no answer to row 1 \(question_id b\)"),
        (by_id(("a", "x"), ("b", "x"), ("a", "y")), "question_id a in line 1 and line 3; give one answer"),
        (by_row((0, "x"), (0, "y"), (1, "z")), "1 answers are to questions .*row 0 in line 1 and line 2"),
        (
            by_id(("a", "x"), ("q", "y")),
            "1 answers are to questions that test of data has not: question_id q in",
        ),
        (by_row((0, "x"), (7, "y")), "row 7 in line 2; choose the split with split=NAME"),
        (
            [GivenAnswer("line 1", 0, "b", "x"), GivenAnswer("line 2", 1, "b", "x")],
            "line 1 gives row 0 the question_id b, it has a; the file answers another split",
        ),
    ],
)
def test_a_file_that_does_not_fit_the_split_is_told_so_with_lines(given, message):
    with pytest.raises(DataError, match=f"predictions=given: .*{message}"):
        answers_in_order(FILE, given, annotated([question(0, "a"), question(1, "b")]))


def test_ids_that_stand_in_several_rows_are_refused_with_the_rows():
    data = annotated([question(0, "a"), question(3, "a"), question(4, "b")])
    with pytest.raises(
        DataError, match=r"stand in more than one row of test: question_id a \(rows 0, 3\); name the"
    ):
        answers_in_order(FILE, by_id(("a", "x"), ("b", "y")), data)


def test_a_repeated_id_is_told_apart_by_the_text_of_its_question():
    asked = [question(row, "a")._replace(text=f"Is it {row}?") for row in range(3)]
    given = [
        GivenAnswer(f"line {n}", None, "a", str(n), text=f"Is it {n} ? ".replace(" ?", "")) for n in (2, 0, 1)
    ]
    assert [one.answer for one in answers_in_order(FILE, given, annotated(asked))] == ["0", "1", "2"]


@pytest.mark.parametrize("name", ["video_id", "question_id"])
def test_a_video_with_the_text_names_a_question_also_as_a_file_name_under_id(name):
    asked = [question(row, str(row))._replace(video_id=f"v.{row}", text="Is it?") for row in range(3)]
    given = [
        GivenAnswer(
            f"line {n}", None, **({"question_id": None} | {name: f"v.{n}.mp4"}), answer=str(n), text="Is it?"
        )
        for n in (2, 0, 1)
    ]
    assert [one.answer for one in answers_in_order(FILE, given, annotated(asked))] == ["0", "1", "2"]


def test_whole_numbers_with_a_point_are_the_ids_without_it():
    data = annotated([question(0, "30338.0"), question(1, "30339"), question(2, "sa7.5")])
    given = by_id(("30339", "2"), ("sa7.5", "3"), ("30338", "1"))
    assert [one.answer for one in answers_in_order(FILE, given, data)] == ["1", "2", "3"]


def test_questions_without_an_id_have_to_be_named_by_row():
    data = annotated([question(0, "a"), question(1)])
    with pytest.raises(
        DataError, match=r"b in line 2; .*1 questions there have no question_id, name them by row"
    ):
        answers_in_order(FILE, by_id(("a", "x"), ("b", "y")), data)


def test_many_rows_are_told_by_the_first_few():
    data = annotated([question(row, str(row)) for row in range(11)])
    with pytest.raises(DataError, match=r"row 5 \(question_id 5\) and 5 more; every question"):
        answers_in_order(FILE, by_id(("0", "x")), data)


def test_questions_that_a_store_dropped_are_explained():
    with pytest.raises(
        DataError, match=r"left out 3 questions for want of features, with data\.raw=DIR they"
    ):
        answers_in_order(FILE, by_row((0, "x"), (1, "y")), annotated([question(0)], dropped=3))


def test_numbers_are_named_by_their_truths_and_beyond_them_by_train_where_its_order_agrees():
    data = annotated([question(0, "a"), question(1, "b", "no")], train=("yes", "no", "ten"))
    named = named_answers(FILE, published(("a", 0, 0), ("b", 1, 2)), data)
    assert named.answers == ("yes", "ten")
    assert named.truth_column == 3
    assert "the order of the train split (train)" in named.remarks[1]


@pytest.mark.parametrize("train", [None, ("no", "yes", "ten")])
def test_a_number_that_is_never_a_truth_has_no_name_without_train_or_in_another_order(train):
    data = annotated([question(0, "a"), question(1, "b", "no")], train=train)
    named = named_answers(FILE, published(("a", 0, 0), ("b", 1, 2)), data)
    assert named.answers == ("yes", "answer 2")
    assert named.order == {0: "yes", 1: "no"}
    assert named.remarks[-1] == "number 2 has no name: 1 answers with it count as wrong"


@hypothesis_given(
    st.permutations(range(7)),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1),
    st.booleans(),
    st.booleans(),
)
def test_truths_tell_the_order_and_the_column_whatever_train_is_there(order, pairs, with_train, swapped):
    answers = [f"answer{number}" for number in range(7)]
    asked = [question(row, str(row), answers[truth]) for row, (_, truth) in enumerate(pairs)]
    given = published(
        *(
            (str(row), *(order[one] for one in ((guess, truth) if swapped else (truth, guess))))
            for row, (guess, truth) in enumerate(pairs)
        )
    )
    named = named_answers(FILE, given, annotated(asked, train=answers if with_train else None))
    for name, (guess, truth) in zip(named.answers, pairs, strict=True):
        assert (name == answers[truth]) == (guess == truth)


def test_the_column_that_the_annotations_agree_with_is_the_truth():
    asked = [question(row, str(row), answer) for row, answer in enumerate(["yes", "no", "yes", "no"])]
    given = published(("0", 5, 8), ("1", 5, 2), ("2", 8, 8), ("3", 2, 2))
    named = named_answers(FILE, given, annotated(asked, train=None))
    assert (named.truth_column, named.answers) == (4, ("answer 5", "answer 5", "yes", "no"))
    assert "column 4 is the truth and column 3 the prediction" in named.remarks[0]
    assert "in 4 of 4 rows" in named.remarks[0]


def test_words_in_both_columns_are_compared_as_they_stand():
    asked = [question(row, str(row), answer) for row, answer in enumerate(["yes", "no"])]
    named = named_answers(
        FILE, published(("0", "no", "yes"), ("1", "no", "no")), annotated(asked, train=None)
    )
    assert (named.truth_column, named.answers, named.order) == (4, ("no", "no"), None)


def test_a_mark_that_the_values_beside_it_belie_is_told():
    data = annotated([question(0, "a"), question(1, "b")])
    given = [*published(("a", 0, 0)), GivenAnswer("line 2", None, "b", 1, 0, is_right=True)]
    with pytest.raises(DataError, match=r"1 answers contradict .*line 2 says True with 0 beside 1"):
        named_answers(FILE, given, data)


@pytest.mark.parametrize("train", [None, ("yes", "no", "two"), ("two", "yes", "no")])
def test_a_truth_that_is_not_the_annotated_one_is_told_whatever_train_is_there(train):
    answers = ["yes", "no", "two", "yes", "no"]
    asked = [question(row, str(row), answer) for row, answer in enumerate(answers)]
    given = published(("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3", 0, 0), ("4", 0, 0))
    with pytest.raises(
        DataError, match=r"1 of 5 truths .*line 5 takes answer 0, 'yes', for .*row 4 .*is 'no'"
    ):
        named_answers(FILE, given, annotated(asked, train=train))


def test_a_truth_in_words_that_is_not_the_annotated_one_is_told():
    given = [GivenAnswer("line 1", 0, None, "yes", truth="no")]
    with pytest.raises(DataError, match="line 1 takes 'no' for the truth of row 0, which is 'yes'"):
        named_answers(FILE, given, annotated([question(0)]))


def test_numbers_without_truths_are_in_the_order_of_train_or_refused():
    given = by_id(("0", 1), ("1", 0))
    asked = [question(0, "0"), question(1, "1")]
    named = named_answers(FILE, given, annotated(asked))
    assert named.answers == ("no", "yes")
    assert "the file has no truths that could confirm it" in named.remarks[0]
    with pytest.raises(DataError, match=r"tells no truths that would name them.*\(it is null\)"):
        named_answers(FILE, given, annotated(asked, train=None, no_train="it is null"))


def test_digits_are_numbers_only_beside_truths_in_digits():
    asked = [question(0, "0"), question(1, "1", "no")]
    beside = [
        GivenAnswer(f"line {n}", n, None, answer, truth)
        for n, (answer, truth) in enumerate([("4", "4"), ("4", "2")])
    ]
    assert named_answers(FILE, beside, annotated(asked, train=None)).answers == ("yes", "yes")
    assert named_answers(FILE, by_id(("0", "4"), ("1", "2")), annotated(asked)).answers == ("4", "2")


def test_numbers_and_words_in_one_file_are_refused_with_the_rows():
    asked = [question(row, str(row)) for row in range(4)]
    given = by_id(("0", "yes"), ("1", 3), ("2", "no"), ("3", "no"))
    with pytest.raises(DataError, match="numbers in 1 rows and words in 3: line 2 has 3; a file has either"):
        named_answers(FILE, given, annotated(asked))


def test_a_row_without_a_truth_among_others_with_one_is_refused():
    given = [GivenAnswer("line 1", 0, None, "yes", "yes"), GivenAnswer("line 2", 1, None, "yes")]
    with pytest.raises(DataError, match="line 2: no truth, though other rows have one"):
        named_answers(FILE, given, annotated([question(0), question(1)]))
