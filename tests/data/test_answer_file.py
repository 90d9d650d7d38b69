"""Every form of another program's answers says the same."""

import json

import pytest

from avqa_lit.data.answer_file import GivenAnswer, read_answer_file
from avqa_lit.errors import DataError


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "answers"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_answer_file(path)

    return of


def said(given):
    return [(one.row, one.question_id, one.answer) for one in given]


@pytest.mark.parametrize(
    "text",
    [
        '{"7": "yes", "8a": " more than ten "}',
        '[{"question_id": 7, "answer": "yes"}, {"answer": "more than ten", "question_id": "8a"}]',
        '{"question_id": 7, "answer": "yes"}\n\n{"question_id": "8a", "answer": "more than ten"}\n',
        "question_id,answer\n7,yes\n8a,more than ten\n",
        '\ufeffquestion_id, answer\r\n7, "yes"\r\n\r\n8a, more than ten\r\n',
        "video_id\tquestion_id\tanswer\nx\t7\tyes\ny\t8a\tmore than ten",
    ],
)
def test_all_forms_by_question_id_say_the_same(read, text):
    assert said(read(text)) == [(None, "7", "yes"), (None, "8a", "more than ten")]


@pytest.mark.parametrize(
    "text",
    [
        '[{"row": 0, "answer": "yes"}, {"row": 3, "answer": "no", "question_id": 5}]',
        "row,answer,question_id\n0,yes,\n3,no,5",
    ],
)
def test_rows_may_stand_in_the_place_of_ids_or_beside_them(read, text):
    assert said(read(text)) == [(0, None, "yes"), (3, "5", "no")]


def test_beside_a_prediction_the_answer_is_what_the_file_takes_for_the_truth(read):
    lines = '{"row": 0, "question_id": null, "answer": "no", "prediction": "yes"}'
    assert read(lines) == [GivenAnswer("line 1", 0, None, "yes", truth="no")]
    assert read("question_id,prediction,answer\n4,yes,no")[0].truth == "no"


def test_the_published_form_numbers_answers(read):
    given = read("\n12\tFalse\t3\t40\n13 True 7 7\n")
    assert given == [
        GivenAnswer("line 2", None, "12", 3, 40, is_right=False),
        GivenAnswer("line 3", None, "13", 7, 7, is_right=True),
    ]


def test_equal_keys_of_a_json_object_are_both_kept(read):
    assert said(read('{"7": "yes", "7": "no"}')) == [(None, "7", "yes"), (None, "7", "no")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected answers, found none; known forms: a JSON object"),
        ("[]", "expected answers, found none"),
        ("question_id,answer\n", "expected answers, found none"),
        (b"\x80\x04\x95pickle", "expected UTF-8 text"),
        ('{"7": "yes"', "expected JSON, found what is none"),
        ("[" * 100_000, "nested too deeply|expected JSON"),
        ('{"7": ' + "9" * 5000 + "}", "expected JSON, found what is none"),
        ('{"row": 1, "answer": "a"}\n{"row": 2', r"line 2: expected a JSON object, found '{\"row\": 2'"),
        ('{"row": 1, "answer": "a"}\n[2]', r"line 2: expected an object, found '\[2\]'"),
        ('["yes"]', "entry 1: expected an object, found 'yes'"),
        ('{"7": 3}', "entry 1: the answer is 3, expected a text"),
        ('{"7": {"a": "b"}}', "entry 1: the answer is .*, expected a text"),
        ("question_id,answer\n7,", "line 2: the answer is '', expected a text"),
        ("question_id,answer\n7,a,b", "line 2: 3 fields, expected 2 as in the header question_id,answer"),
        ("7,yes\n8,no", "line 1: '7,yes' is in no form that is known"),
        ("answer,row\nyes,-1", "line 2: row is '-1', expected a whole number from 0"),
        ('[{"row": true, "answer": "yes"}]', "entry 1: row is True, expected a whole number"),
        ('[{"row": 1.0, "answer": "yes"}]', "entry 1: row is 1.0, expected a whole number"),
        (
            '[{"video_id": "x", "answer": "yes"}]',
            "entry 1: expected question_id or row, .*found video_id, ans",
        ),
        ('[{"row": 1}]', "entry 1: expected question_id or row, and answer or prediction; found row"),
        ("[{}]", "found nothing"),
        ('row,answer\n1,"' + "x" * 200_000, "line 2: not CSV"),
        ("7\tTrue\t1\t1\n8\tTrue\t1", "line 2: .*expected question_id, True or False, index"),
        ("7\tTrue\t1\t1\n8\tTrue\t1\t-1", "line 2: .*expected question_id, True or False, index"),
    ],
)
def test_what_cannot_be_read_is_told_by_line(read, text, message):
    with pytest.raises(DataError, match=rf"predictions=.*answers.*{message}"):
        read(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"predictions=.*nowhere: cannot be read \(No such file"):
        read_answer_file(tmp_path / "nowhere")


def test_text_that_looks_like_code_stays_text(read):
    evil = '__import__("os").system("true")'
    assert said(read(json.dumps({"7": evil}))) == [(None, "7", evil)]
