from types import SimpleNamespace

import torch

from avqa_lit.batch import ModelOutput
from avqa_lit.training.predictions import PredictionCollector


def test_of_equal_answers_the_first_is_predicted_as_accuracy_counts_it():
    """bfloat16 has few numbers, so that the best answers of a question are often equal."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randint(0, 4, (200, 42), generator=generator).to(torch.bfloat16)
    collector = PredictionCollector(top=5)
    collector.update(
        ModelOutput(logits=logits), SimpleNamespace(weight=torch.ones(200), row=torch.arange(200))
    )
    _, answers, probabilities = collector.gathered()
    assert torch.equal(answers[:, 0], logits.argmax(-1))
    assert (probabilities.diff(dim=1) <= 0).all()
    torch.testing.assert_close(probabilities, logits.float().softmax(-1).gather(1, answers))


def test_of_few_answers_all_are_kept():
    collector = PredictionCollector(top=5)
    collector.update(
        ModelOutput(logits=torch.randn(3, 2)), SimpleNamespace(weight=torch.ones(3), row=torch.arange(3))
    )
    assert collector.gathered()[1].shape == (3, 2)
