"""The ablation that neither hears nor sees."""

from typing import Any

from torch import nn

from avqa_lit.batch import QUESTION, Batch, ModelOutput, ModelSpec
from avqa_lit.models.question import QuestionModule
from avqa_lit.needs import ModelNeeds
from avqa_lit.ranges import BelowOne, Count


class QuestionOnly(nn.Module):
    """Answers from the question's words alone: what the data set gives away.

    References:
        Making the V in VQA Matter (Goyal et al., CVPR 2017), https://arxiv.org/abs/1612.00837: the
        language prior of question answering data.

    Args:
        spec: sizes of the vocabularies.
        question: reads the questions.
        hidden: width of the hidden layer.
        dropout: probability after the hidden layer, in [0, 1).
    """

    @classmethod
    def needs(cls, **options: Any) -> ModelNeeds:
        """The question's sentence vector, and no track."""
        return ModelNeeds(texts={QUESTION: ("sentence",)}, features_as_stored=True)

    def __init__(
        self, spec: ModelSpec, *, question: QuestionModule, hidden: Count, dropout: BelowOne
    ) -> None:
        super().__init__()
        self.question = question
        self.layers = nn.Sequential(
            nn.Linear(question.dim, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, spec.answers)
        )

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question."""
        return ModelOutput(logits=self.layers(self.question(batch).sentence))
