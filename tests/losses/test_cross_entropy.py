import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from avqa_lit.batch import ModelOutput
from avqa_lit.errors import ConfigError
from avqa_lit.losses.cross_entropy import AnswerCrossEntropy

ANSWERS = 7
ANSWER = [3, 0, ANSWERS, 6, ANSWERS + 4]


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, ANSWERS, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_it_is_the_mean_of_negative_log_probabilities_of_answers_seen_in_training(
    make_batch, logits, label_smoothing
):
    loss = AnswerCrossEntropy(label_smoothing=label_smoothing)
    found = loss(ModelOutput(logits), make_batch([0, 0, 1, 1, 1], videos=2, answer=ANSWER, total=11))
    log_p = log_softmax(logits.numpy(), axis=1)
    expected = sum(
        -(1 - label_smoothing) * log_p[row, answer] - label_smoothing * log_p[row].mean()
        for row, answer in enumerate(ANSWER)
        if answer < ANSWERS
    )
    np.testing.assert_allclose(found, expected / 11, rtol=1e-14)


def test_the_sum_over_processes_is_the_value_of_one_process(make_batch, logits):
    loss = AnswerCrossEntropy()
    whole = loss(ModelOutput(logits), make_batch([0] * 5, videos=1, answer=ANSWER))
    for cut in range(1, 5):
        parts = [
            loss(ModelOutput(logits[rows]), make_batch([0] * size, videos=1, answer=ANSWER[rows], total=5))
            for rows, size in ((slice(cut), cut), (slice(cut, None), 5 - cut))
        ]
        torch.testing.assert_close(sum(parts), whole)


def test_a_question_of_weight_zero_or_with_an_unseen_answer_gets_no_gradient(make_batch, logits):
    logits.requires_grad_()
    batch = make_batch([0] * 5, videos=1, answer=ANSWER, weight=[1.0, 0.0, 1.0, 1.0, 1.0])
    AnswerCrossEntropy()(ModelOutput(logits), batch).backward()
    assert logits.grad.ne(0).any(dim=1).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_a_batch_of_nothing_but_unseen_answers_is_zero_and_not_nan(make_batch, logits, label_smoothing):
    batch = make_batch([0] * 5, videos=1, answer=[ANSWERS] * 5)
    assert AnswerCrossEntropy(label_smoothing=label_smoothing)(ModelOutput(logits), batch).item() == 0


@pytest.mark.parametrize("label_smoothing", [-0.1, 1.0, float("nan"), None])
def test_label_smoothing_outside_its_range_is_refused(label_smoothing):
    with pytest.raises(ConfigError, match=f"label_smoothing is {label_smoothing}, expected"):
        AnswerCrossEntropy(label_smoothing=label_smoothing)
