"""What the question alone gives away: the most frequent train answer, knowing nothing of the video."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from avqa_lit.errors import DataError

Answer = TypeVar("Answer", bound=Hashable)


@dataclass(frozen=True)
class Prior(Generic[Answer]):
    """The question-only prior of a train split; see `fit_prior`.

    Attributes:
        by_text: answer of each filled question text.
        by_template: answer of each template.
        by_category: answer of each category.
        overall: answer of the whole split.
    """

    by_text: Mapping[Hashable, Answer]
    by_template: Mapping[Hashable, Answer]
    by_category: Mapping[Hashable, Answer]
    overall: Answer

    def predict(
        self, texts: Sequence[Hashable], templates: Sequence[Hashable], categories: Sequence[Hashable]
    ) -> list[Answer]:
        """Answer of each question: by its text, else its template, else its category, else overall."""
        answers = []
        for text, template, category in zip(texts, templates, categories, strict=True):
            if text in self.by_text:
                answers.append(self.by_text[text])
            elif template in self.by_template:
                answers.append(self.by_template[template])
            else:
                answers.append(self.by_category.get(category, self.overall))
        return answers


def fit_prior(
    texts: Sequence[Hashable],
    templates: Sequence[Hashable],
    categories: Sequence[Hashable],
    answers: Sequence[Answer],
) -> Prior[Answer]:
    """The most frequent answer of each text, template and category, and of all questions.

    Of equally frequent answers, the one that comes first among the questions concerned is taken. Every
    argument holds one value a question, in the order of the split: text or ids, as long as evaluation
    splits use the same.

    Args:
        texts: questions with their placeholders filled.
        templates: the same questions with their placeholders open.
        categories: their categories.
        answers: their answers.

    Example:
        >>> templates, categories = ["Is it a <Object>?"] * 2, [4, 4]
        >>> prior = fit_prior(["Is it a flute?", "Is it a drum?"], templates, categories, ["yes", "no"])
        >>> prior.predict(["Is it a drum?", "Is it a tuba?"], templates, categories)
        ['no', 'yes']
    """
    if len(answers) == 0:
        raise DataError("the train split holds 0 questions, expected at least one to fit the prior on")
    return Prior(
        by_text=_most_frequent(texts, answers),
        by_template=_most_frequent(templates, answers),
        by_category=_most_frequent(categories, answers),
        overall=Counter(answers).most_common(1)[0][0],
    )


def _most_frequent(keys: Sequence[Hashable], answers: Sequence[Answer]) -> dict[Hashable, Answer]:
    """Most frequent answer of each key; a Counter keeps first appearance, so ties go to the earlier."""
    best: dict[Hashable, tuple[int, Answer]] = {}
    for (key, answer), count in Counter(zip(keys, answers, strict=True)).items():
        if key not in best or count > best[key][0]:
            best[key] = (count, answer)
    return {key: answer for key, (_, answer) in best.items()}
