"""Scores of one split, from a model or from another program's answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from avqa_lit.artifacts.attention import Attention
from avqa_lit.artifacts.predictions import Prediction, prediction_row
from avqa_lit.artifacts.results import Marks
from avqa_lit.data.annotated import Annotated
from avqa_lit.metrics.accuracy import accuracies, count_correct
from avqa_lit.metrics.classification import classification_report
from avqa_lit.metrics.split_prior import SplitPrior, split_prior
from avqa_lit.taxonomy import Taxonomy

UNKNOWN = "(no answer of these data)"


@dataclass(frozen=True)
class SplitScores:
    """What was made of one split.

    Attributes:
        metrics: fractions by their full name, the question-only prior's among them where there is one.
        counts: right answers and questions of each category, by their full name.
        predictions: one object a question, in annotation order.
        unseen_answers: questions whose answer train never gives; None where train is not at hand.
        taxonomy: the categories.
        no_prior: why there is no prior; empty where there is one.
        attention: where the model looked and listened, if that was asked for.
    """

    metrics: dict[str, float]
    counts: dict[str, Marks]
    predictions: list[Prediction]
    unseen_answers: int | None
    taxonomy: Taxonomy
    no_prior: str = ""
    attention: Attention | None = None


def score_answers(
    data: Annotated, answers: Sequence[str], *, given: Sequence[str] | None = None
) -> SplitScores:
    """Scores of another program's answers, one a question in the order of the split.

    An answer is right if it is the annotated text, whether train knows it or not. One that neither train nor
    the split knows is `UNKNOWN`. Beside an answer there is neither a probability nor a next best.

    Args:
        data: the questions.
        answers: compared with the annotated ones.
        given: the same as they stand in the file, which predictions keep; None where that is the same.
    """
    predictions = [answer if answer in data.known_answers else UNKNOWN for answer in answers]
    truths = [question.answer for question in data.asked]
    categories = [question.category for question in data.asked]
    prior = split_prior(data)
    counts = count_correct(predictions, truths, categories, data.taxonomy)
    metrics = accuracies(counts, data.taxonomy)
    metrics |= classification_report(_confusion(truths, predictions)).averages()
    metrics |= prior.accuracies
    unseen = sum(truth not in data.train_answers for truth in truths)
    return SplitScores(
        metrics={f"{data.split}/{name}": value for name, value in metrics.items()},
        counts={f"{data.split}/{name}": count for name, count in counts.items()},
        predictions=_rows(data, predictions, answers if given is None else given, prior),
        unseen_answers=None if data.train is None else unseen,
        taxonomy=data.taxonomy,
        no_prior=prior.absent,
    )


def _rows(
    data: Annotated, predictions: Sequence[str], given: Sequence[str], prior: SplitPrior
) -> list[Prediction]:
    guesses: Sequence[str | None] = prior.answers or [None] * len(given)
    return [
        prediction_row(
            row=question.row,
            question_id=question.question_id,
            video_id=question.video_id,
            category=data.taxonomy.names[question.category],
            template=question.template,
            question=question.text,
            answer=question.answer,
            prediction=prediction,
            prior=guess,
            given=answer,
        )
        for question, prediction, guess, answer in zip(data.asked, predictions, guesses, given, strict=True)
    ]


def _confusion(truths: Sequence[str], predictions: Sequence[str]) -> Int64[np.ndarray, "label label"]:
    labels = {name: label for label, name in enumerate(dict.fromkeys([*truths, *predictions]))}
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, ([labels[one] for one in truths], [labels[one] for one in predictions]), 1)
    return confusion
