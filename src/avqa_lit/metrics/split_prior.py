"""The question-only prior's answers to one split, where it can have any."""

from collections.abc import Sequence
from dataclasses import dataclass

from avqa_lit.data.annotated import Annotated, shared_questions
from avqa_lit.data.annotations import Question
from avqa_lit.metrics.accuracy import accuracies, count_correct
from avqa_lit.metrics.prior import fit_prior


@dataclass(frozen=True)
class SplitPrior:
    """What the question-only prior, fitted on train, answers to a split.

    Attributes:
        answers: one a question; None where there is no prior.
        accuracies: fractions by metric name, such as ``prior/acc/overall``; empty without a prior.
        absent: why there is no prior; empty where there is one.
    """

    answers: list[str] | None
    accuracies: dict[str, float]
    absent: str = ""


def split_prior(data: Annotated) -> SplitPrior:
    """Fit the prior on train and answer the split.

    There is no prior without a train split, nor where train holds questions of the split: it would know
    their answers.
    """
    if data.train is None:
        return SplitPrior(None, {}, f"no train questions: {data.no_train}")
    shared = shared_questions(data)
    if shared:
        return SplitPrior(
            None,
            {},
            f"{shared:,} of the {len(data.asked):,} questions of {data.split} stand in the train split "
            f"({data.train_name}) as well, so that a prior fitted there would know their answers",
        )
    prior = fit_prior(*_columns(data.train), [question.answer for question in data.train])
    answers = prior.predict(*_columns(data.asked))
    truths = [question.answer for question in data.asked]
    categories = [question.category for question in data.asked]
    values = accuracies(count_correct(answers, truths, categories, data.taxonomy), data.taxonomy)
    return SplitPrior(answers, {f"prior/{name}": value for name, value in values.items()})


def _columns(questions: Sequence[Question]) -> tuple[list[str], list[str], list[int]]:
    texts = [question.text for question in questions]
    templates = [question.template for question in questions]
    return texts, templates, [question.category for question in questions]
