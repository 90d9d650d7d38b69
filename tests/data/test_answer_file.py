"""Every form of another program's answers says the same."""

import gzip
import json
import os

import pytest

from avqa_lit.data import answer_text
from avqa_lit.data.answer_file import UnknownFormError, read_answer_file
from avqa_lit.data.given_answer import GivenAnswer
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
        '{"7.0": {"answer": "yes", "score": 0.5}, "8a": ["more than ten"]}',
        '{"model": "m", "results": [{"id": 7.0, "pred": "yes"}, {"qid": "8a", "pred_ans": "more than ten"}]}',
        "question_id\ttext\r7\tyes\r\n8a\tmore than ten\n",
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


@pytest.mark.parametrize(
    "entry",
    [
        '{"id": 4, "question": "Is it?", "answer": "no", "pred": "yes"}',
        '{"question_id": 4, "pred_ans": "yes", "gt_ans": "no"}',
        '{"question_id": 4, "answer": "yes", "gt": "no"}',
        '{"4": {"prediction": "yes", "anser": "no"}}',
    ],
)
def test_a_truth_goes_by_the_names_that_programs_of_this_field_give_it(read, entry):
    (given,) = read(entry)
    assert (given.question_id, given.answer, given.truth) == ("4", "yes", "no")


def test_a_video_with_the_text_of_the_question_names_it(read):
    (given,) = read('[{"image_id": "00000093", "question": "Is it?", "pred": "no", "answer": "yes"}]')
    assert (given.question_id, given.video_id, given.text) == (None, "00000093", "Is it?")
    assert given.name == "video 00000093, 'Is it?'"


def test_the_published_form_has_the_truth_before_the_prediction(read):
    given = read("\n12 \t False \t 3 \t 40\n13 True 7 7\n")
    assert given == [
        GivenAnswer("line 2", None, "12", 40, 3, is_right=False),
        GivenAnswer("line 3", None, "13", 7, 7, is_right=True),
    ]


def test_the_published_form_may_have_words(read):
    (given,) = read("30338.0\tTrue\tmore than ten\tmore than ten\n")
    assert (given.question_id, given.answer, given.truth) == ("30338", "more than ten", "more than ten")


def test_numbers_stay_numbers_in_json_and_text_in_csv(read):
    assert said(read('{"7": 3, "8": 3.0, "9": "3"}')) == [
        (None, "7", 3), (None, "8", 3), (None, "9", "3")
    ]  # fmt: skip
    assert said(read("question_id,answer\n7,3")) == [(None, "7", "3")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_line_ends_byte_order_marks_and_gzip_do_not_matter(read, line_end, encoding, pack):
    text = line_end.join(["question_id,answer", "7,yes", "8a,more than ten", ""])
    assert said(read(pack(text.encode(encoding)))) == [(None, "7", "yes"), (None, "8a", "more than ten")]


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: packed[:12] + b"?" * 20])
def test_a_damaged_gzip_file_is_told(read, damage):
    packed = gzip.compress(b"question_id,answer\n" + os.urandom(100).hex().encode())
    with pytest.raises(DataError, match="compressed with gzip, but damaged or cut off"):
        read(damage(packed))


def test_what_unpacks_to_more_than_any_file_of_answers_is_refused(read, monkeypatch):
    monkeypatch.setattr(answer_text, "MOST_TEXT", 1000)
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes, which no file of answers has"):
        read(gzip.compress(b"x" * 1001))


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(DataError, match="expected a file of answers, found a"):
            read_answer_file(path)


def test_one_wrong_row_of_ten_thousand_is_named(read):
    rows = [f"{number} \t True \t 3 \t 3" for number in range(10_000)]
    for damaged in ("7654 \t True \t 3 \t x", "7654 \t True \t 3", "7654 \t yes \t 3 \t 3"):
        with pytest.raises(DataError, match=r"line 7655: .*expected question_id, True or"):
            read("\n".join([*rows[:7654], damaged, *rows[7655:]]))
    entries = [{"question_id": number, "answer": "yes"} for number in range(10_000)]
    entries[7654]["answer"] = None
    with pytest.raises(DataError, match="entry 7655: the answer is 'None', expected a text or a number"):
        read(json.dumps(entries))


def test_a_file_in_no_known_form_is_told_from_a_damaged_one(read):
    with pytest.raises(UnknownFormError, match="known forms"):
        read("--- accuracy ---\n\nAudio Count Acc: 84.07 %\n")


def test_equal_keys_of_a_json_object_are_both_kept(read):
    assert said(read('{"7": "yes", "7": "no"}')) == [(None, "7", "yes"), (None, "7", "no")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected answers, found none; known forms: a JSON object"),
        ("[]", "expected answers, found none"),
        ("question_id,answer\n", "expected answers, found none"),
        (b"\x80\x04\x95pickle", "line 1: expected UTF-8 text"),
        ('{"7": "yes"', "expected JSON, found what cannot be parsed"),
        ("[" * 100_000, "nested too deeply|expected JSON"),
        ('{"7": ' + "9" * 5000 + "}", "expected JSON, found what cannot be parsed"),
        ('{"row": 1, "answer": "a"}\n{"row": 2', r"line 2: expected a JSON object, found '{\"row\": 2'"),
        ('{"row": 1, "answer": "a"}\n[2]', r"line 2: expected an object, found '\[2\]'"),
        ('["yes"]', "entry 1: expected an object, found 'yes'"),
        ('{"7": true}', "entry 1: the answer is 'True', expected a text or a number"),
        ('{"7": -1}', "entry 1: the answer is '-1', expected a text or a number"),
        ('{"7": ["yes", "no"]}', "entry 1: the answer is .*, expected a text or a number"),
        ('{"7": {"a": "b"}}', "entry 1: expected question_id or row .*; found a"),
        ("question_id,answer\n7,", "line 2: the answer is '', expected a text"),
        ("question_id,answer\n7,a,b", "line 2: 3 fields, expected 2 as in the header question_id,answer"),
        ("7,yes\n8,no", "line 1: '7,yes' is in none of the known forms"),
        ("answer,row\nyes,-1", "line 2: row is '-1', expected a whole number from 0"),
        ('[{"row": true, "answer": "yes"}]', "entry 1: row is True, expected a whole number"),
        ('[{"row": 1.5, "answer": "yes"}]', "entry 1: row is 1.5, expected a whole number"),
        (
            '[{"video_id": "x", "answer": "yes"}]',
            "entry 1: expected question_id or row .*found video_id, ans",
        ),
        (
            '[{"row": 1}]',
            r"entry 1: expected question_id or row \(or video_id and question\), and answer or .*; found row",
        ),
        ("[{}]", "found nothing"),
        ('row,answer\n1,"' + "x" * 200_000, "line 2: not CSV"),
        ("7\tTrue\t1\t1\n8\tTrue\t1", "line 2: .*expected question_id, True or False, the truth and"),
        ("7\tTrue\t1\t1\n8\tTrue\t1\t-1", "line 2: .*both as numbers as in the first line"),
        ("7\tTrue\tyes\tyes\n8\tTrue\t1\t1", "line 2: .*both as words as in the first line"),
    ],
)
def test_what_cannot_be_read_is_told_by_line(read, text, message):
    with pytest.raises(DataError, match=rf"predictions=.*answers.*{message}"):
        read(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: no such file of answers"):
        read_answer_file(tmp_path / "nowhere")


def test_text_that_looks_like_code_stays_text(read):
    evil = '__import__("os").system("true")'
    assert said(read(json.dumps({"7": evil}))) == [(None, "7", evil)]
