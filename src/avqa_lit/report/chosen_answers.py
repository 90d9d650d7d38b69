"""What the chosen configuration answered, question by question, read once and boiled down."""

from dataclasses import dataclass

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.errors import DataError
from avqa_lit.report.answer_scores import AnswerScores, answer_scores
from avqa_lit.report.configurations import Configuration
from avqa_lit.report.listing import Listing
from avqa_lit.report.mistakes import Mistake, mistakes
from avqa_lit.report.result import Result
from avqa_lit.report.sheet import Sheet
from avqa_lit.report.templates import template_listing


@dataclass(frozen=True)
class ChosenAnswers:
    """What the sections about single answers are made of.

    Attributes:
        templates: accuracy by question template.
        scores: accuracy by answer.
        run: the one whose mistakes are shown.
        mistakes: those it was most certain of.
        trouble: why its attention cannot be shown; empty where it can, or where none was kept.
    """

    templates: Listing
    scores: AnswerScores
    run: Result
    mistakes: list[Mistake]
    trouble: str


def chosen_answers(one: Configuration) -> ChosenAnswers | None:
    """From the predictions of all its runs; None where not every run kept them."""
    if one.marks is None:
        return None
    sheets: list[Sheet] = [result.run.predictions() for result in one.results]
    # The first run that kept its attention, else the first.
    place = next((place for place, run in enumerate(one.results) if run.attention.is_file()), 0)
    run, attention, trouble = one.results[place], None, ""
    if run.attention.is_file():
        try:
            attention = read_attention(run.attention)
        except DataError as error:
            trouble = str(error)
    return ChosenAnswers(
        template_listing(sheets, run.taxonomy),
        answer_scores(sheets, run.taxonomy),
        run,
        mistakes(sheets[place], run.taxonomy, attention),
        trouble,
    )
