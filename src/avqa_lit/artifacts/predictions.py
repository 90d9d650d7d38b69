"""What a run answered, question by question: the rows of predictions.jsonl."""

from collections.abc import Sequence
from typing import NotRequired

from pydantic import FiniteFloat, TypeAdapter
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from avqa_lit.artifacts.results import Count


class Prediction(TypedDict):
    """The answer to one question; it stays a dict, since a run has ten thousand of them.

    Attributes:
        row: of the question in its split.
        question_id: as published; None where there is none.
        video_id: video that is seen.
        category: name of the question's category.
        template: question before its placeholders were filled.
        question: as it was asked.
        answer: the right one.
        prediction: the given one.
        prior: answer of the question-only prior.
        probability: of the given answer; None of another program's, and where it was not finite.
        top5: most probable answers with their probabilities.
        given: another program's answer as it stands in its file.
    """

    row: Count
    question_id: str | None
    video_id: str
    category: str
    template: str
    question: str
    answer: str
    prediction: str
    prior: NotRequired[str | None]
    probability: NotRequired[FiniteFloat | None]
    top5: NotRequired[list[tuple[str, FiniteFloat | None]] | None]
    given: NotRequired[str | None]


PREDICTION: TypeAdapter[Prediction] = TypeAdapter(Prediction)


def prediction_row(
    *,
    row: int,
    question_id: str | None,
    video_id: str,
    category: str,
    template: str,
    question: str,
    answer: str,
    prediction: str,
    prior: str | None,
    probability: float | None = None,
    top5: Sequence[tuple[str, float]] = (),
    given: str | None = None,
) -> Prediction:
    """A row, with its entries in the order of the file; what a run does not have is left out."""
    made: Prediction = {
        "row": row,
        "question_id": question_id,
        "video_id": video_id,
        "category": category,
        "template": template,
        "question": question,
        "answer": answer,
        "prediction": prediction,
    }
    if prior is not None:
        made["prior"] = prior
    made["probability"] = probability
    made["top5"] = list(top5)
    if given is not None:
        made["given"] = given
    return made
