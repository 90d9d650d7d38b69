"""What the chosen configuration answered, question by question, read once and boiled down."""

from dataclasses import dataclass

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
    """

    templates: Listing
    scores: AnswerScores
    run: Result
    mistakes: list[Mistake]


def chosen_answers(one: Configuration) -> ChosenAnswers | None:
    """From the predictions of all its runs; None where not every run kept them.

    Raises:
        DataError: an attention.npz that is not whole.
    """
    if one.marks is None:
        return None
    sheets: list[Sheet] = [result.run.predictions() for result in one.results]
    run, found = mistakes(one, sheets)
    return ChosenAnswers(template_listing(sheets), answer_scores(sheets), run, found)
