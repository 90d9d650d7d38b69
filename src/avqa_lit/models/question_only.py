"""The ablation that neither hears nor sees."""

from torch import nn

from avqa_lit.batch import Batch, DataSpec, ModelOutput


class QuestionOnly(nn.Module):
    """Answers from the question's words alone: what the data set gives away.

    References:
        Making the V in VQA Matter (Goyal et al., CVPR 2017), https://arxiv.org/abs/1612.00837: the
        language prior of question answering data.

    Args:
        spec: shapes of the store.
        hidden: width of the hidden layer.
        dropout: probability after the hidden layer, in [0, 1).
    """

    def __init__(self, spec: DataSpec, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(spec.question, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, spec.answers)
        )

    def forward(self, batch: Batch) -> ModelOutput:
        """Logits of every question."""
        return ModelOutput(logits=self.layers(batch.question))
