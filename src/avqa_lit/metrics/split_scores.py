"""Scores of one split, from a model or from another program's answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from avqa_lit.artifacts.attention import Attention
from avqa_lit.categories import CATEGORY_NAMES
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.annotations import Question
from avqa_lit.metrics.accuracy import accuracies, count_correct
from avqa_lit.metrics.classification import classification_report
from avqa_lit.metrics.prior import fit_prior

UNKNOWN = "(not in the vocabulary)"


@dataclass(frozen=True)
class SplitScores:
    """What was made of one split.

    Attributes:
        metrics: fractions by their full name, the question-only prior's among them.
        counts: right answers and questions of each category, by their full name.
        predictions: one object a question, in annotation order.
        unseen_answers: questions whose answer the vocabulary has not.
        attention: where the model looked and listened, if that was asked for.
    """

    metrics: dict[str, float]
    counts: dict[str, dict[str, int]]
    predictions: list[dict[str, Any]]
    unseen_answers: int
    attention: Attention | None = None


def score_answers(data: Annotated, answers: Sequence[str]) -> SplitScores:
    """Scores of another program's answers, one a question in the order of the split.

    An answer that the train split never gives is `UNKNOWN` and wrong, as it is for a model, which cannot
    give it. Predictions keep it as `given`. Beside an answer there is neither a probability nor a next best.
    """
    predictions = [answer if answer in data.answers else UNKNOWN for answer in answers]
    truths = [question.answer for question in data.asked]
    categories = [question.category for question in data.asked]
    prior = _prior(data)
    counts = count_correct(predictions, truths, categories)
    prior_counts = count_correct(prior, truths, categories)
    metrics = accuracies(counts) | classification_report(_confusion(truths, predictions)).averages()
    metrics |= {f"prior/{name}": value for name, value in accuracies(prior_counts).items()}
    return SplitScores(
        metrics={f"{data.split}/{name}": value for name, value in metrics.items()},
        counts={f"{data.split}/{name}": count for name, count in counts.items()},
        predictions=[
            {
                "row": question.row,
                "question_id": question.question_id,
                "video_id": question.video_id,
                "category": CATEGORY_NAMES[question.category],
                "template": question.template,
                "question": question.text,
                "answer": question.answer,
                "prediction": prediction,
                "prior": guess,
                "probability": None,
                "top5": [],
                "given": given,
            }
            for question, prediction, guess, given in zip(
                data.asked, predictions, prior, answers, strict=True
            )
        ],
        unseen_answers=sum(truth not in data.answers for truth in truths),
    )


def _prior(data: Annotated) -> list[str]:
    """Answers of the question-only prior, fitted on train."""

    def columns(questions: Sequence[Question]) -> tuple[list[str], list[str], list[int]]:
        texts, templates = [one.text for one in questions], [one.template for one in questions]
        return texts, templates, [one.category for one in questions]

    prior = fit_prior(*columns(data.train), [one.answer for one in data.train])
    return prior.predict(*columns(data.asked))


def _confusion(truths: Sequence[str], predictions: Sequence[str]) -> Int64[np.ndarray, "label label"]:
    labels = {name: label for label, name in enumerate(dict.fromkeys([*truths, *predictions]))}
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, ([labels[one] for one in truths], [labels[one] for one in predictions]), 1)
    return confusion
