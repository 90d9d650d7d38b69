"""All that the report says of one test set, worked out once for every format."""

from collections.abc import Sequence
from dataclasses import dataclass

from avqa_lit.report.album import Album
from avqa_lit.report.caveats import caveats
from avqa_lit.report.chosen_answers import ChosenAnswers, chosen_answers
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.leaderboard import leaderboard
from avqa_lit.report.listing import Listing
from avqa_lit.report.provenance import data_name
from avqa_lit.report.statement import Statement
from avqa_lit.report.table import Table, build_table
from avqa_lit.report.verdict import findings
from avqa_lit.report.wording import count


@dataclass(frozen=True)
class Chapter:
    """One test set.

    Attributes:
        level: of the headings of its sections.
        prefix: of the names of its files; empty where it is the only one.
        statements: the verdict.
        limits: what cannot be said.
        differences: of other programs' answers in pairs; None where there are no pairs.
        answers: of the chosen configuration; None where it kept none.
        album: its figures, which come in as the page is written.
    """

    test_set: TestSet
    level: int
    prefix: str
    table: Table
    statements: list[Statement]
    limits: list[str]
    differences: Listing | None
    answers: ChosenAnswers | None
    album: Album

    @property
    def name(self) -> str:
        """The data and how many test questions."""
        return f"{data_name(self.test_set.results[0])}, {count(self.test_set.questions, 'test question')}"

    @property
    def listings(self) -> list[Listing]:
        """Tables beside that of accuracies."""
        beside = [self.differences] if self.differences else []
        return beside + ([self.answers.templates, self.answers.scores.listing()] if self.answers else [])


def chapters(sets: Sequence[TestSet]) -> list[Chapter]:
    """One for each test set."""
    prefixes = [f"set{number}-" for number in range(1, len(sets) + 1)] if len(sets) > 1 else [""]
    return [
        _chapter(test_set, prefix, level=2 if len(sets) == 1 else 3)
        for test_set, prefix in zip(sets, prefixes, strict=False)
    ]


def _chapter(test_set: TestSet, prefix: str, *, level: int) -> Chapter:
    statements = findings(test_set)
    return Chapter(
        test_set=test_set,
        level=level,
        prefix=prefix,
        table=build_table(test_set),
        statements=statements,
        limits=caveats(test_set, statements),
        differences=leaderboard(test_set),
        answers=chosen_answers(test_set.chosen),
        album=Album(prefix),
    )
