"""How many answers are among those that are known, and which are not."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from avqa_lit.data.answer_coverage import shown
from avqa_lit.data.answer_spelling import ALL, Spelling


@dataclass(frozen=True)
class AnswersKnown:
    """Answers of one side, looked up on the other.

    Attributes:
        total: answers, counted as often as they occur.
        unknown: times that each unknown answer occurs, the most frequent first.
        distinct: different answers.
        alike: known answers by unknown ones that differ in their spelling alone.
    """

    total: int
    unknown: dict[str, int]
    distinct: int
    alike: dict[str, str]

    @property
    def unknown_total(self) -> int:
        """Unknown answers, counted as often as they occur."""
        return sum(self.unknown.values())

    @property
    def examples(self) -> str:
        """The first unknown answers, with the known ones that they resemble."""
        return shown(
            repr(answer[:80]) + (f" (known as {self.alike[answer]!r})" if answer in self.alike else "")
            for answer in self.unknown
        )


def answers_known(answers: Iterable[str], known: Collection[str]) -> AnswersKnown:
    """Look up answers among the known ones.

    Example:
        >>> found = answers_known(["Yes", "no", "Yes"], ["yes", "no"])
        >>> found.unknown_total, found.examples
        (2, "'Yes' (known as 'yes')")
    """
    counts = Counter(answers)
    unknown = {answer: count for answer, count in counts.most_common() if answer not in known}
    respelt = Spelling({}, ALL).read(list(unknown), known).answers
    alike = {answer: name for answer, name in zip(unknown, respelt, strict=True) if name != answer}
    return AnswersKnown(counts.total(), unknown, len(counts), alike)
