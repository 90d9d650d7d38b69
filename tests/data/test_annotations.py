import ast
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.data.annotations import FieldMap, fill, question_text, read_annotations, repeated_ids
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

OFFICIAL_TEST_COUNTS = {
    "A-Count": 1017,
    "A-Comp": 594,
    "V-Count": 1197,
    "V-Loc": 1225,
    "AV-Exist": 988,
    "AV-Loc": 920,
    "AV-Count": 1265,
    "AV-Comp": 1101,
    "AV-Temp": 822,
}


@pytest.fixture
def read(tmp_path):
    def of(*records, **options):
        path = tmp_path / "avqa-test.json"
        path.write_text(json.dumps(records))
        return read_annotations(path, **options)

    return of


def test_the_official_test_file_has_the_published_counts(real_data):
    questions = read_annotations(real_data / "music_avqa/avqa-test.json")
    assert Counter(MUSIC_AVQA.categories[one.category].label for one in questions) == OFFICIAL_TEST_COUNTS
    assert len({one.text for one in questions}) == 1298
    assert len({one.template for one in questions}) == 33
    assert len({one.answer for one in questions}) == 41
    assert [one.row for one in questions] == list(range(9129))


@pytest.mark.parametrize(
    "name, rows, repeated", [("avqa-val", 4568, 0), ("avqa-train-synthetic-videos", 6233, 56)]
)
def test_every_row_of_the_other_published_files_parses(real_data, name, rows, repeated):
    questions = read_annotations(real_data / f"music_avqa/{name}.json")
    assert len(questions) == rows
    assert len(repeated_ids(one.question_id for one in questions)) == repeated
    assert all(one.audio_id == one.video_id and "<" not in one.text for one in questions)


def test_a_prompt_is_read_under_the_key_that_is_named(read, record):
    (question,) = read(record(told=" The piano is louder. "), fields=FieldMap(prompt="told"))
    assert question.prompt == "The piano is louder."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, r"row 0 \(question_id 12\): no key 'told', found .*data.fields"),
        ({"told": " "}, r"told is ' ', expected a text"),
        ({"told": ["a"]}, r"told is \['a'\], expected a text"),
    ],
)
def test_a_row_without_the_prompt_that_is_named_is_refused(read, record, changes, message):
    with pytest.raises(DataError, match=message):
        read(record(**changes), fields=FieldMap(prompt="told"))


def test_a_row_is_read_as_published(read, record):
    (question,) = read(record())
    assert question == (
        0, "12", "00000093", "00000093", MUSIC_AVQA.names.index("audio/comparative"),
        "Is the <Object> louder than the <Object>?", "Is the piano louder than the violin?", "yes", None,
    )  # fmt: skip


def test_placeholders_fill_from_the_left(read, record):
    template = "What is the instrument on the <LR> of <Object>?"
    (question,) = read(record(question_content=template, templ_values='["left", "saxophone"]'))
    assert question.text == "What is the instrument on the left of saxophone?"


@given(st.lists(st.text(alphabet="ab <>LR", max_size=4), max_size=5))
@settings(deadline=None)
def test_filling_is_replacing_one_placeholder_after_the_other(values):
    template = "Is " + " and ".join("<Object>" for _ in values) + "?"
    assert fill(template, values) == "Is " + " and ".join(values) + "?"


@pytest.mark.parametrize("published", ["Is it? ", "Is it\uff1f", " Is it ?", "Is it"])
def test_texts_end_in_one_question_mark(published):
    assert question_text(published) == "Is it?"


def test_version_2_rows_are_read(read, record):
    plain, heard, flipped, bare = read(
        record(templ_values=["piano", "violin"], type=["Audio-Visual", "Comparative"]),
        record(
            video_id="sa00006547", unmatch_audio="00008531", audio_instrument="pipa", question_id=None,
            question_content="Is this sound from the instrument in the video?", templ_values=[], anser="no",
            type='["Audio-Visual", "Existential"]', question_deleted=None,
        ),
        record(video_id="Baz-4i7soZ0_flip", person="True", question_id=None),
        record(question_id="x7", templ_values="['piano', 'violin']"),
    )  # fmt: skip
    assert plain.text == "Is the piano louder than the violin?"
    assert MUSIC_AVQA.names[plain.category] == "audio_visual/comparative"
    assert (heard.video_id, heard.audio_id, heard.question_id) == ("sa00006547", "00008531", None)
    assert (flipped.video_id, flipped.audio_id) == ("Baz-4i7soZ0_flip", "Baz-4i7soZ0_flip")
    assert (bare.audio_id, bare.question_id) == ("00000093", "x7")


def test_other_keys_are_named_in_a_field_map(read, record):
    row = record(anser=None, templ_values=None, unmatch_audio="ignored")
    row |= {"answer": "no", "question": "Is it loud?"}
    fields = FieldMap(answer="answer", question="question", values=None, audio_id=None, question_id=None)
    (question,) = read(row, fields=fields)
    assert (question.answer, question.text, question.question_id) == ("no", "Is it loud?", None)
    assert question.audio_id == "00000093"


def test_repeated_ids_are_found_by_place():
    assert repeated_ids(["1", "2", None, "1", None]) == {"1": [0, 3]}


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path, record):
    (tmp_path / "a.json").write_text(json.dumps([record()]), "utf-8-sig")
    assert len(read_annotations(tmp_path / "a.json")) == 1


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"templ_values": '["piano"]'},
            r"1 template values \['piano'\], expected 2 for 'Is the <Object> louder",
        ),
        ({"templ_values": "[1, 2]"}, r"templ_values is '\[1, 2\]', expected a list of texts"),
        (
            {"templ_values": "__import__('os').getcwd()"},
            'templ_values is "__import__.*expected a list of texts',
        ),
        ({"templ_values": '["piano"'}, "templ_values is '.\"piano\"', expected a list of texts"),
        ({"templ_values": 7}, "templ_values is 7, expected a list of texts"),
        ({"type": '["Audio", "Taste"]'}, "unknown category .*Taste.*expected one of audio/counting, "),
        ({"type": [["Audio"]]}, "type is .*expected a list of texts"),
        ({"anser": None}, "no key 'anser', found .*data.fields"),
        ({"anser": ["yes"]}, r"anser is \['yes'\], expected a text"),
        ({"anser": " "}, "anser is ' ', expected a text"),
        ({"video_id": {"id": 93}}, r"video_id is \{'id': 93\}, expected a text"),
        ({"unmatch_audio": ["93"]}, r"unmatch_audio is \['93'\], expected a text"),
        ({"video_id": 93}, "video_id is 93, expected a text"),
        ({"video_id": "../93"}, "video_id is '../93', expected the name of a video"),
        ({"unmatch_audio": "a/b"}, "unmatch_audio is 'a/b', expected the name of a video"),
        ({"question_content": ""}, "question_content is '', expected a text"),
        ({"video_id": ".."}, r"video_id is '\.\.', expected the name of a video, without folders"),
        ({"video_id": "v" * 300}, "video_id is 'vvvv.*, expected a name that a file can have"),
        ({"templ_values": "[" * 5000}, "templ_values is '.*expected a list of texts"),
        ({"templ_values": "-" * 5000 + "1"}, "templ_values is '---.*expected a list of texts"),
        ({"templ_values": "['a' 'b']"}, "templ_values is .*expected a list of texts"),
        ({"templ_values": '["\\ud800"]'}, "templ_values is .*expected a list of texts"),
        ({"type": "[" * 5000}, "type is .*expected a list of texts"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_id(read, record, changes, message):
    with pytest.raises(DataError, match=rf"avqa-test.json, row 1 \(question_id 12\): {message}"):
        read(record(), record(**changes))


def test_an_answer_of_brackets_is_a_text(read, record):
    (question,) = read(record(anser="[" * 5000))
    assert question.answer == "[" * 5000


@pytest.mark.parametrize("value", [{"a": 1}, [3], True])
def test_a_question_id_that_is_neither_number_nor_text_is_refused(read, record, value):
    with pytest.raises(DataError, match=r"question_id is .*, expected a number or a text"):
        read(record(question_id=value))


def test_half_of_a_surrogate_pair_is_refused(tmp_path, record):
    (tmp_path / "a.json").write_text(json.dumps([record(question_id="\ud800")]))
    with pytest.raises(DataError, match=r"a.json: expected JSON \(.* hex escape"):
        read_annotations(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["['it\\'s', \"b\"]", "[]", " [ 'a' , ] ", "['\\\\']"])
def test_lists_in_the_notation_of_python_are_read(read, record, text):
    template = "".join("<Object>" for _ in ast.literal_eval(text)) + " loud"
    (question,) = read(record(question_content=template, templ_values=text))
    assert question.text == ("".join(ast.literal_eval(text)) + " loud?").strip()


def test_a_row_without_id_says_so(read, record):
    with pytest.raises(DataError, match=r"row 0 \(no question_id\): anser is 3, expected a text"):
        read(record(question_id=None, anser=3))


def test_a_row_that_is_no_object_is_named(read):
    with pytest.raises(DataError, match=r"row 0 \(no question_id\): expected an object, found 'text'"):
        read("text")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"[", r"expected JSON \(EOF while parsing a list at line 1 column 1\); download it again"),
        (b"\xff[]", r"expected JSON \("),
        (b"[" * 100_000, r"expected JSON \(recursion limit exceeded"),
        (b"{}", "expected a list of questions, found an empty dict"),
        (b"[]", "expected a list of questions, found an empty list"),
        (b'{"a": 1}', "expected a list of questions, found a dict"),
    ],
)
def test_a_file_that_holds_no_questions_is_refused(tmp_path, content, message):
    path = tmp_path / "avqa-val.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"avqa-val.json: {message}"):
        read_annotations(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"avqa-val.json: no such annotation file"):
        read_annotations(tmp_path / "avqa-val.json")


@pytest.mark.parametrize("written", ["Come From", '["Come From"]', ["come_from"]])
def test_a_type_alone_is_a_category_of_a_taxonomy_without_modalities(read, record, written):
    taxonomy = Taxonomy.from_plain([{"type": "which"}, {"type": "come from"}])
    (question,) = read(record(type=written), taxonomy=taxonomy)
    assert taxonomy.names[question.category] == "come_from"


def test_modality_and_type_may_have_keys_of_their_own(read, record):
    taxonomy = Taxonomy.from_plain(
        [{"modality": "both", "type": "which"}, {"modality": "sound", "type": "which"}]
    )
    row = record(type=None) | {"relation": "Sound", "kind": "Which"}
    (question,) = read(row, fields=FieldMap(type=["relation", "kind"]), taxonomy=taxonomy)
    assert taxonomy.names[question.category] == "sound/which"
    with pytest.raises(DataError, match=r"relation, kind is .*expected a list of texts"):
        read(row | {"kind": 7}, fields=FieldMap(type=["relation", "kind"]), taxonomy=taxonomy)
    with pytest.raises(
        DataError, match=r"unknown category .*Sound.*Why.*expected one of both/which, sound/which"
    ):
        read(row | {"kind": "Why"}, fields=FieldMap(type=["relation", "kind"]), taxonomy=taxonomy)
