"""Answers in other spellings than the annotations', read as those where that was asked for."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from avqa_lit.data.given_answer import GivenAnswer, whole_number
from avqa_lit.errors import ConfigError

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MORE = "more than ten"
ALL = "all"
ALIAS = "alias"
YES_OR_NO = re.compile(r"(yes|no)\W.*", re.IGNORECASE | re.DOTALL)


def _in_words(text: str) -> str:
    number = whole_number(text)
    if number is None:
        return text
    return NUMBERS[number] if number < len(NUMBERS) else MORE


# In the order in which they are applied.
RULES: Mapping[str, Callable[[str], str]] = {
    "punctuation": lambda text: text.strip(" \t\n\"'`*.,;:!?()[]"),
    "yes_no": lambda text: YES_OR_NO.sub(r"\1", text),
    "case": str.casefold,
    "separators": lambda text: " ".join(re.split(r"[\s_-]+", text.strip())),
    "digits": _in_words,
}


@dataclass(frozen=True)
class SpeltAnswers:
    """Answers after aliases and rules.

    Attributes:
        answers: in the order in which they were given.
        applied: how many answers each rule, or the aliases, helped to match.
    """

    answers: tuple[str, ...]
    applied: Mapping[str, int]


@dataclass(frozen=True)
class Spelling:
    """What is done to an answer that is not written as a known one.

    An answer that is known as it stands is never changed. Others are looked up among the aliases, and then
    compared with the known answers after the rules were applied to both sides; two known answers that the
    rules make equal match nothing that way.

    Args:
        aliases: known answer by what stands for it.
        rules: names out of `RULES`, or "all".

    Example:
        >>> spelling = Spelling({"guitar": "acoustic_guitar"}, ALL)
        >>> spelling.read(["Yes, it is.", "2", "guitar"], ["yes", "two", "acoustic_guitar"]).answers
        ('yes', 'two', 'acoustic_guitar')
    """

    aliases: Mapping[str, str]
    rules: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        aliases = self.aliases
        if not isinstance(aliases, Mapping) or not all(isinstance(alias, str) for alias in aliases.values()):
            raise ConfigError(
                f"answers.aliases={aliases}: expected known answers by what stands for them, as in "
                "{guitar:acoustic_guitar}"
            )
        chosen = () if self.rules == ALL else self.rules
        if not isinstance(chosen, list | tuple) or any(rule not in list(RULES) for rule in chosen):
            raise ConfigError(
                f"answers.normalise={self.rules}: expected {ALL}, or a list of {', '.join(RULES)}"
            )

    @property
    def reads_numbers(self) -> bool:
        """Whether a number is a count, to be read as its word."""
        return self.rules == ALL or "digits" in self.rules

    def prepare(self, given: Sequence[GivenAnswer], known: Collection[str]) -> list[GivenAnswer]:
        """The rows with counts as texts, and with truths in words as the known answers that they match."""
        matcher = _Matcher(self, known)
        rows = []
        for row in given:
            if self.reads_numbers and isinstance(row.answer, int) and not isinstance(row.truth, int):
                row = replace(row, answer=str(row.answer))
            if isinstance(row.truth, str) and row.is_right is None:
                row = replace(row, truth=matcher.match(row.truth)[0])
            rows.append(row)
        return rows

    def read(self, answers: Sequence[str], known: Collection[str]) -> SpeltAnswers:
        """Each answer as the known one that it matches; itself where it matches none.

        Raises:
            ConfigError: an alias of an answer that is not known.
        """
        matcher = _Matcher(self, known)
        applied = Counter[str]()
        matched = []
        for answer in answers:
            name, steps = matcher.match(answer)
            matched.append(name)
            applied.update(steps)
        return SpeltAnswers(tuple(matched), dict(applied))

    @property
    def chosen(self) -> list[str]:
        """Names of the rules that are on, in the order in which they are applied."""
        return [name for name in RULES if self.rules == ALL or name in self.rules]

    def normal(self, text: str) -> str:
        """The text after every rule that is on."""
        for name in self.chosen:
            text = RULES[name](text)
        return text

    def needed(self, text: str, other: str) -> tuple[str, ...]:
        """Rules that change either of two texts before they are equal."""
        needed = []
        for name in self.chosen:
            if text == other:
                break
            before = (text, other)
            text, other = RULES[name](text), RULES[name](other)
            if (text, other) != before:
                needed.append(name)
        return tuple(needed)


@dataclass(frozen=True)
class _Matcher:
    spelling: Spelling
    known: Collection[str]

    def __post_init__(self) -> None:
        foreign = {name: answer for name, answer in self.spelling.aliases.items() if answer not in self.known}
        for name, answer in foreign.items():
            raise ConfigError(
                f"answers.aliases has {name!r}: {answer!r}, which is none of the known answers: "
                f"{', '.join(self.known)}"
            )

    def match(self, answer: str) -> tuple[str, tuple[str, ...]]:
        if answer in self.known:
            return answer, ()
        if answer in self.spelling.aliases:
            return self.spelling.aliases[answer], (ALIAS,)
        normal = self.spelling.normal(answer)
        if normal in self._by_alias:
            alias = self._by_alias[normal]
            return self.spelling.aliases[alias], (*self.spelling.needed(answer, alias), ALIAS)
        if normal in self._by_normal:
            name = self._by_normal[normal]
            return name, self.spelling.needed(answer, name)
        return answer, ()

    @cached_property
    def _by_alias(self) -> dict[str, str]:
        return {self.spelling.normal(str(alias)): str(alias) for alias in self.spelling.aliases}

    @cached_property
    def _by_normal(self) -> dict[str, str]:
        if not self.spelling.rules:
            return {}
        times = Counter(self.spelling.normal(answer) for answer in self.known)
        normal = {self.spelling.normal(answer): answer for answer in self.known}
        return {name: answer for name, answer in normal.items() if times[name] == 1}
