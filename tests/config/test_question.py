"""Cached and trained question encoders, from the command line to the batch."""

import sys

import numpy as np
import pytest
from torch import nn

from avqa_lit.batch import ModelOutput
from avqa_lit.config.build import build_model
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.run_data import run_data
from avqa_lit.config.schema import Train
from avqa_lit.config.validation import validate
from avqa_lit.errors import ConfigError
from avqa_lit.needs import ModelNeeds


class Sentences:
    """A user's encoder that knows whole questions only."""

    name = "sentences"

    def encode(self, texts):
        return np.array([[len(text)] for text in texts])


class FrozenNetwork(nn.Module, Sentences):
    """A user's encoder that is a network and yet encodes texts."""


class ReadsWords(nn.Module):
    """A user's model that reads the tokens of questions."""

    @classmethod
    def needs(cls):
        return ModelNeeds(texts={"question": ("tokens",)})

    def __init__(self, spec, *, question):
        super().__init__()
        self.question = question
        self.answer = nn.Linear(question.token_dim, spec.answers)

    def forward(self, batch):
        return ModelOutput(self.answer(self.question(batch).tokens).sum(dim=1))


class TakesQuestion(nn.Module):
    """A user's model that reads the sentence vectors of questions."""

    @classmethod
    def needs(cls):
        return ModelNeeds(texts={"question": ("sentence",)})

    def __init__(self, spec, *, question):
        super().__init__()
        self.question = question
        self.answer = nn.Linear(question.dim, spec.answers)

    def forward(self, batch):
        return ModelOutput(self.answer(self.question(batch).sentence))


class ReadsNothing(nn.Module):
    """A user's model that reads no features of the question."""

    @classmethod
    def needs(cls):
        return ModelNeeds()


class DeclaresNothing(nn.Module):
    """A user's model from before needs were declared."""


HASHING = {"_target_": "avqa_lit.data.hashing.HashingEncoder", "dim": 11}
CONCERTS = {
    "_target_": "avqa_lit.data.synthetic.concerts.SyntheticConcerts", "seed": 0, "videos": 20,
    "questions_per_video": 5, "noise": 0.2, "batch_size": 7,
}  # fmt: skip
LSTM = {"_target_": "avqa_lit.models.word_lstm.WordLSTM", "embedding": 5, "dim": 7, "word_dropout": 0.0}


@pytest.fixture(autouse=True)
def mylab(monkeypatch):
    monkeypatch.setitem(sys.modules, "mylab", sys.modules[__name__])


@pytest.fixture
def serve(cache):
    """Model and first batch of a run with this model and question encoder."""

    def of(model, question):
        config = {
            "data": CONCERTS,
            "model": {"_target_": f"mylab.{model}"},
            "loss": {},
            "paths": {"cache": str(cache)},
            "display": False,
        }
        requirements, chosen = requirements_of(config), Question(question)
        data = run_data(config, question=chosen, requirements=requirements, seed=0)
        built = build_model(config["model"], data.module.spec, chosen, requirements)
        return built, data.module.gather("test", np.arange(7), total=7)

    return of


@pytest.mark.parametrize(("question", "dim"), [(HASHING, 11), (LSTM, 7)])
def test_a_model_that_reads_the_question_gets_the_module_that_does_so(serve, question, dim):
    model, batch = serve("TakesQuestion", question)
    assert model.question.dim == dim
    assert all(text.tokens is None for text in batch.texts.values())
    assert model(batch).logits.shape[0] == 7


def test_a_batch_carries_the_parts_of_the_question_that_the_model_declares(serve):
    model, batch = serve("ReadsWords", HASHING)
    question = batch.texts["question"]
    assert question.sentence is None
    assert question.tokens.shape == (7, *question.mask.shape[1:], 11)
    assert model(batch).logits.shape[0] == 7


def test_a_trained_encoder_needs_a_model_that_reads_the_question(serve):
    with pytest.raises(ConfigError, match=r"encoder WordLSTM is trained .* reads no features"):
        serve("ReadsNothing", LSTM)


def test_a_model_that_declares_nothing_is_told_how(serve):
    with pytest.raises(ConfigError, match=r"mylab.DeclaresNothing: expected a class method needs\("):
        serve("DeclaresNothing", HASHING)


def test_an_encoder_of_whole_questions_has_no_words_to_serve(serve):
    with pytest.raises(ConfigError, match=r"question encoder sentences encodes whole questions, but"):
        serve("ReadsWords", {"_target_": "mylab.Sentences"})


def test_a_network_that_encodes_texts_is_not_trained():
    question = Question({"_target_": "mylab.FrozenNetwork"})
    assert question.name == "sentences"
    assert isinstance(question.encoder, FrozenNetwork)


def test_nothing_is_cached_for_a_trained_encoder(serve):
    assert serve("TakesQuestion", LSTM)[1].texts == {}


def test_arguments_of_ours_are_no_keys(compose):
    validate(compose("question=lstm"), schema=Train)
    with pytest.raises(ConfigError, match=r"question.spec is not a config key"):
        validate(compose("question=lstm", "+question.spec=1"), schema=Train)
    with pytest.raises(ConfigError, match=r"model.question is not a config key"):
        validate(compose("+model.question=1"), schema=Train)


def test_a_user_mistake_in_a_constructor_is_told_in_its_own_words(compose):
    with pytest.raises(ConfigError, match=r"^question.pooling=max: expected"):
        Question(compose("question=bert", "question.pooling=max")["question"])
