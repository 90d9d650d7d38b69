"""Given answers meet the questions of a split."""

from pathlib import Path

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.data.answer_coverage import answers_in_order
from avqa_lit.data.answer_file import GivenAnswer
from avqa_lit.data.answer_order import NamedAnswers, named_answers
from avqa_lit.errors import DataError

FILE = Path("given")


def question(row, identity=None, answer="yes"):
    return Question(row, identity, "v", "v", 0, "t", "t?", answer)


def annotated(asked, *, train=("yes", "no"), **changes):
    train = [question(row, answer=answer) for row, answer in enumerate(train)]
    return Annotated(**({"where": Path("data"), "checksum": "c", "split": "test"} | changes),
                     train=train, asked=asked)  # fmt: skip


def by_id(*pairs):
    return [GivenAnswer(f"line {n}", None, one, answer) for n, (one, answer) in enumerate(pairs, start=1)]


def by_row(*pairs):
    return [GivenAnswer(f"line {n}", one, None, answer) for n, (one, answer) in enumerate(pairs, start=1)]


def published(*lines):
    return [
        GivenAnswer(f"line {n}", None, one, answer, truth, is_right=answer == truth)
        for n, (one, answer, truth) in enumerate(lines, start=1)
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
        DataError, match=r"1 question_ids stand in more than one row of test: a \(rows 0, 3\)"
    ):
        answers_in_order(FILE, by_id(("a", "x"), ("b", "y")), data)


def test_questions_without_an_id_have_to_be_named_by_row():
    data = annotated([question(0, "a"), question(1)])
    with pytest.raises(
        DataError, match="1 questions of test have no question_id: row 1; name the questions by"
    ):
        answers_in_order(FILE, by_id(("a", "x")), data)


def test_many_rows_are_told_by_the_first_few():
    data = annotated([question(row, str(row)) for row in range(11)])
    with pytest.raises(DataError, match=r"row 5 \(question_id 5\) and 5 more; every question"):
        answers_in_order(FILE, by_id(("0", "x")), data)


def test_questions_that_a_store_dropped_are_explained():
    with pytest.raises(
        DataError, match=r"left out 3 questions for want of features, with data\.raw=DIR they"
    ):
        answers_in_order(FILE, by_row((0, "x"), (1, "y")), annotated([question(0)], dropped=3))


def test_indices_are_named_in_the_order_of_train():
    data = annotated([question(0, "a"), question(1, "b", "no")])
    named = named_answers(FILE, published(("a", 0, 0), ("b", 0, 1)), data)
    assert named == NamedAnswers(("yes", "yes"), own_order=False)


def test_an_index_beyond_the_vocabulary_names_itself():
    data = annotated([question(0, "a")])
    assert named_answers(FILE, published(("a", 9, 0)), data).answers == ("answer 9",)


@hypothesis_given(
    st.permutations(range(7)), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1)
)
def test_an_order_of_the_files_own_is_told_by_its_truths(order, pairs):
    answers = [f"answer{number}" for number in range(7)]
    asked = [question(row, str(row), answers[truth]) for row, (_, truth) in enumerate(pairs)]
    given = published(*((str(row), order[guess], order[truth]) for row, (guess, truth) in enumerate(pairs)))
    named = named_answers(FILE, given, annotated(asked, train=answers))
    for name, (guess, truth) in zip(named.answers, pairs, strict=True):
        assert (name == answers[truth]) == (guess == truth)
    assert named.own_order == any(order[truth] != truth for _, truth in pairs)


def test_a_mark_that_the_indices_belie_is_told():
    data = annotated([question(0, "a"), question(1, "b")])
    given = [*published(("a", 0, 0)), GivenAnswer("line 2", None, "b", 1, 0, is_right=True)]
    with pytest.raises(
        DataError, match=r"1 answers contradict .*line 2 says True with prediction 1 and truth 0"
    ):
        named_answers(FILE, given, data)


@pytest.mark.parametrize("train", [("yes", "no", "two"), ("two", "yes", "no")])
def test_a_truth_that_is_not_the_annotated_one_is_told_in_either_order(train):
    """The second train split lets the file number its answers in an order of its own."""
    answers = ["yes", "no", "two", "yes", "no"]
    asked = [question(row, str(row), answer) for row, answer in enumerate(answers)]
    given = published(("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3", 0, 0), ("4", 0, 0))
    with pytest.raises(DataError, match=r"1 truths .*line 5 takes answer 0, 'yes', for .*row 4 .*is 'no'"):
        named_answers(FILE, given, annotated(asked, train=train))


def test_a_truth_in_words_that_is_not_the_annotated_one_is_told():
    given = [GivenAnswer("line 1", 0, None, "yes", truth="no")]
    with pytest.raises(DataError, match="line 1 takes 'no' for the truth of row 0, which is 'yes'"):
        named_answers(FILE, given, annotated([question(0)]))
