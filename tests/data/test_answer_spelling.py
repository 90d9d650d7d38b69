import pytest

from avqa_lit.data.answer_spelling import ALL, Spelling
from avqa_lit.data.answers_known import answers_known
from avqa_lit.data.given_answer import GivenAnswer
from avqa_lit.errors import ConfigError

KNOWN = ("yes", "no", "two", "more than ten", "acoustic_guitar", "cello", "left")


def read(*answers, aliases=None, rules=ALL, known=KNOWN):
    return Spelling(aliases or {}, rules).read(answers, known)


def test_nothing_is_respelt_unless_asked_for():
    spelt = read("Yes", "2", "acoustic guitar", rules=())
    assert spelt.answers == ("Yes", "2", "acoustic guitar")
    assert spelt.applied == {}


@pytest.mark.parametrize(
    ("answer", "known", "rules"),
    [
        ("Yes.", "yes", {"punctuation", "case"}),
        ('"left"', "left", {"punctuation"}),
        ("Yes, the cello is louder.", "yes", {"punctuation", "yes_no", "case"}),
        ("no; it is\nsilent", "no", {"yes_no"}),
        ("Acoustic Guitar", "acoustic_guitar", {"case", "separators"}),
        ("acoustic-guitar", "acoustic_guitar", {"separators"}),
        ("2", "two", {"digits"}),
        ("11", "more than ten", {"digits"}),
        ("more_than_ten", "more than ten", {"separators"}),
    ],
)
def test_the_rules_that_make_an_answer_match_are_counted(answer, known, rules):
    for chosen in (ALL, sorted(rules)):
        assert read(answer, rules=chosen).answers == (known,)
        assert read(answer, rules=chosen).applied == dict.fromkeys(rules, 1)
    assert read(answer, rules=["digits" if "digits" not in rules else "case"]).answers == (answer,)


@pytest.mark.parametrize(
    "answer", ["nothing", "yesterday", "none", "noise", "a cello", "3", "cello and left"]
)
def test_what_only_resembles_an_answer_matches_none(answer):
    assert read(answer) == read(answer, rules=())


def test_a_known_answer_is_never_changed():
    known = ("Yes", "yes", "2", "two")
    assert read(*known, known=known).answers == known
    assert read(*known, known=known).applied == {}


def test_two_known_answers_that_the_rules_make_equal_match_nothing():
    assert read("YES", known=("Yes", "yes")).answers == ("YES",)


def test_aliases_match_as_written_and_with_rules_as_these_read_them():
    aliases = {"guitar": "acoustic_guitar", "to the left": "left"}
    assert read("guitar", "Guitar", aliases=aliases, rules=()).answers == ("acoustic_guitar", "Guitar")
    spelt = read("Guitar.", "guitar", "to_the_left", aliases=aliases)
    assert spelt.answers == ("acoustic_guitar", "acoustic_guitar", "left")
    assert spelt.applied["alias"] == 3


def test_an_alias_of_what_is_no_answer_is_refused():
    with pytest.raises(ConfigError, match=r"answers.aliases has 'x': 'drum', which is none of .*: yes, no"):
        read("yes", aliases={"x": "drum"})


@pytest.mark.parametrize("aliases", ["guitar", ["guitar"], {"guitar": True}, {"guitar": ["a"]}])
def test_aliases_that_are_no_texts_by_texts_are_refused(aliases):
    with pytest.raises(ConfigError, match=r"answers.aliases=.*expected known answers by what stands for"):
        Spelling(aliases)


@pytest.mark.parametrize("rules", [3, [["case"]], "case", ["cse"], ["case", "all"]])
def test_a_rule_that_does_not_exist_is_refused(rules):
    with pytest.raises(ConfigError, match=r"answers.normalise=.*expected all, or a list of punctuation, yes"):
        Spelling({}, rules)


def test_counts_in_numbers_are_read_as_words_and_truths_as_the_answers_they_match():
    given = [GivenAnswer("line 1", 0, None, 2, "Two"), GivenAnswer("line 2", 1, None, 7, 7)]
    first, second = Spelling({}, ALL).prepare(given, KNOWN)
    assert (first.answer, first.truth) == ("2", "two")
    assert (second.answer, second.truth) == (7, 7)
    assert Spelling({}, ()).prepare(given, KNOWN) == given


def test_unknown_answers_are_counted_with_what_they_resemble():
    found = answers_known(["Yes.", "cello", "8", "Yes.", "a drum"], KNOWN)
    assert (found.total, found.distinct, found.unknown_total) == (5, 4, 4)
    assert found.unknown == {"Yes.": 2, "8": 1, "a drum": 1}
    assert found.examples == "'Yes.' (known as 'yes'), '8', 'a drum'"
