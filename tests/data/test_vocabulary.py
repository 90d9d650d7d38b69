import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.vocabulary import Vocabulary, split_words, word_ids


@given(st.lists(st.text(alphabet="abc", max_size=2)))
def test_tokens_stand_in_order_of_first_appearance(tokens):
    vocabulary = Vocabulary.from_iterable(tokens)
    assert len(vocabulary) == len(set(tokens))
    assert [tokens.index(one) for one in vocabulary.tokens] == sorted(
        tokens.index(one) for one in set(tokens)
    )
    assert all(vocabulary.tokens[vocabulary.index(one)] == one for one in tokens)


def test_an_unknown_token_has_no_place():
    vocabulary = Vocabulary(("yes",))
    assert vocabulary.index("no") is None
    assert "yes" in vocabulary
    assert "no" not in vocabulary


def test_a_token_cannot_stand_twice():
    with pytest.raises(ValueError, match="holds each token once, but 'two' stands in it again"):
        Vocabulary(("two", "one", "two"))


def test_words_keep_their_case_and_lose_the_question_mark():
    assert split_words("Where is it?") == ["Where", "is", "it"]


@pytest.mark.parametrize("name", ["avqa-val", "avqa-test", "avqa-train-synthetic-videos"])
def test_words_are_those_of_the_published_code(real_data, name):
    """Its rule: drop the last character, split at single spaces, put values where placeholders stand."""
    path = real_data / "music_avqa" / f"{name}.json"
    for row, question in zip(json.loads(path.read_text("utf-8")), read_annotations(path), strict=True):
        values = iter(json.loads(row["templ_values"]))
        words = row["question_content"].rstrip()[:-1].split(" ")
        expected = [next(values) if "<" in word else word for word in words]
        assert split_words(question.text) == expected
        assert len(expected) <= 14


def test_padding_is_0_and_an_unknown_word_1():
    words = Vocabulary(("Is", "the", "piano"))
    assert word_ids(["Is the tuba?", "piano?"], words).tolist() == [[2, 3, 1], [4, 0, 0]]


def test_no_texts_have_no_words():
    assert word_ids([], Vocabulary(())).shape == (0, 0)
