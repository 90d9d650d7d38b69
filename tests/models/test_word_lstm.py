from dataclasses import replace

import pytest
import torch
from torch import nn

from avqa_lit.batch import UNKNOWN_WORD
from avqa_lit.errors import ConfigError
from avqa_lit.models.word_lstm import WordLSTM

SETTINGS = {"embedding": 5, "dim": 7, "word_dropout": 0.0}


def lstm_of(spec, **changed):
    torch.manual_seed(0)
    return WordLSTM(spec, **(SETTINGS | changed)).double()


def slow_lstm(module, embedded):
    """The equations of the paper, with forget gates, word by word."""
    weights = module.lstm
    hidden = cell = torch.zeros(module.dim, dtype=torch.float64)
    outputs = []
    for word in embedded:
        gates = weights.weight_ih_l0 @ word + weights.weight_hh_l0 @ hidden
        gates = gates + weights.bias_ih_l0 + weights.bias_hh_l0
        enter, forget, candidate, leave = gates.chunk(4)
        cell = forget.sigmoid() * cell + enter.sigmoid() * candidate.tanh()
        hidden = leave.sigmoid() * cell.tanh()
        outputs.append(hidden)
    return torch.stack(outputs)


def test_it_equals_the_equations_on_the_real_words_alone(spec, batch):
    module = lstm_of(spec)
    found = module(batch)
    assert module.dim == found.sentence.shape[1] == found.tokens.shape[2] == 7
    for row, words in enumerate(batch.words):
        real = words[words > 0]
        assert found.mask[row].sum() == len(real)
        if len(real) > 0:
            expected = slow_lstm(module, module.embedding(real))
            torch.testing.assert_close(found.tokens[row, : len(real)], expected, rtol=0, atol=1e-12)
            torch.testing.assert_close(found.sentence[row], expected[-1], rtol=0, atol=1e-12)


def test_padding_changes_nothing(spec, batch):
    module = lstm_of(spec)
    longer = replace(batch, words=nn.functional.pad(batch.words, (0, 3)))
    torch.testing.assert_close(module(longer).sentence, module(batch).sentence, rtol=0, atol=1e-12)


def test_a_question_without_words_is_finite_and_has_no_token(spec, batch):
    empty = replace(batch, words=torch.zeros(9, 1, dtype=torch.int64))
    found = lstm_of(spec)(empty)
    assert found.sentence.isfinite().all()
    assert not found.mask.any()


def test_the_order_of_words_matters(spec, batch):
    module = lstm_of(spec)
    turned = replace(batch, words=batch.words.flip(1))
    full = batch.texts["question"].mask.all(dim=1)
    assert not torch.isclose(module(turned).sentence[full], module(batch).sentence[full]).all(dim=1).any()


def test_training_reads_some_words_as_unknown_and_evaluation_none(spec, batch):
    module = lstm_of(spec, word_dropout=0.5)
    read = []
    module.embedding.register_forward_hook(lambda _, inputs, __: read.append(inputs[0]))
    module.eval()(batch)
    module.train()(batch)
    evaluated, trained = read
    assert torch.equal(evaluated, batch.words)
    changed = trained != batch.words
    assert 0 < changed.sum() < batch.texts["question"].mask.sum()
    assert (trained[changed] == UNKNOWN_WORD).all()
    assert batch.texts["question"].mask[changed].all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"embedding": 0}, "question.embedding=0: expected 1 or more"),
        ({"dim": 0}, "question.dim=0: expected 1 or more"),
        ({"word_dropout": 1.0}, r"question.word_dropout=1.0: expected a probability in \[0, 1\)"),
    ],
)
def test_impossible_settings_are_refused(spec, changed, message):
    with pytest.raises(ConfigError, match=message):
        lstm_of(spec, **changed)
