"""Cached and trained question encoders, from the command line to the batch."""

import sys

import numpy as np
import pytest
from torch import nn

from avqa_lit.batch import ModelOutput
from avqa_lit.config.build import build_model
from avqa_lit.config.question import Question
from avqa_lit.config.schema import Train
from avqa_lit.config.validation import validate
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.errors import ConfigError


class Sentences:
    """A user's encoder that knows whole questions only."""

    name = "sentences"

    def encode(self, texts):
        return np.array([[len(text)] for text in texts])


class FrozenNetwork(nn.Module, Sentences):
    """A user's encoder that is a network and yet encodes texts."""


class ReadsWords(nn.Module):
    """A user's model that knows nothing of question modules, and reads cached words."""

    reads_question_tokens = True

    def __init__(self, spec):
        super().__init__()
        self.answer = nn.Linear(spec.question, spec.answers)

    def forward(self, batch):
        return ModelOutput(self.answer(batch.question_tokens).sum(dim=1))


class TakesQuestion(nn.Module):
    """A user's model that lets the config choose how questions are read."""

    def __init__(self, spec, *, question):
        super().__init__()
        self.question = question
        self.answer = nn.Linear(question.dim, spec.answers)

    def forward(self, batch):
        return ModelOutput(self.answer(self.question(batch).sentence))


HASHING = {"_target_": "avqa_lit.data.hashing.HashingEncoder", "dim": 11}
LSTM = {"_target_": "avqa_lit.models.word_lstm.WordLSTM", "embedding": 5, "dim": 7, "word_dropout": 0.0}


@pytest.fixture(autouse=True)
def mylab(monkeypatch):
    monkeypatch.setitem(sys.modules, "mylab", sys.modules[__name__])


@pytest.fixture
def serve(cache):
    """Model and first batch of a run with this model and question encoder."""

    def of(model, question):
        concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2, batch_size=7)
        chosen = Question(question)
        store = concerts.prepare(chosen.encoder, cache=cache, progress=False)
        features = store.text_features(chosen.encoder)
        data = AVQADataModule(store, text_features=features, batch_size=7, seed=0)
        built = build_model({"_target_": f"mylab.{model}"}, data.spec, chosen)
        chosen.serve_tokens(built, data)
        return built, data.gather("test", np.arange(7), total=7)

    return of


@pytest.mark.parametrize(("question", "dim"), [(HASHING, 11), (LSTM, 7)])
def test_a_model_with_an_argument_question_gets_what_reads_them(serve, question, dim):
    model, batch = serve("TakesQuestion", question)
    assert model.question.dim == dim
    assert batch.question_tokens is None
    assert model(batch).logits.shape[0] == 7


def test_a_model_without_it_goes_on_reading_what_is_cached(serve):
    model, batch = serve("ReadsWords", HASHING)
    assert batch.question.shape == (7, 11)
    assert batch.question_tokens.shape == (7, *batch.question_mask.shape[1:], 11)
    assert model(batch).logits.shape[0] == 7


def test_a_model_without_it_cannot_take_a_trained_encoder(serve):
    with pytest.raises(
        ConfigError, match=r"encoder WordLSTM is trained .* mylab.ReadsWords has no argument `question`"
    ):
        serve("ReadsWords", LSTM)


def test_an_encoder_of_whole_questions_has_no_words_to_serve(serve):
    with pytest.raises(ConfigError, match=r"question encoder sentences encodes whole questions, but"):
        serve("ReadsWords", {"_target_": "mylab.Sentences"})


def test_a_network_that_encodes_texts_is_not_trained():
    question = Question({"_target_": "mylab.FrozenNetwork"})
    assert question.name == "sentences"
    assert isinstance(question.encoder, FrozenNetwork)


def test_a_trained_encoder_needs_no_features(tmp_path):
    question = Question(LSTM)
    assert question.encoder is None
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2, batch_size=7)
    store = concerts.prepare(question.encoder, cache=tmp_path, progress=False)
    assert not list(store.path.glob("text_*"))
    assert store.text_features(question.encoder).shape == (len(store.texts), 0)


def test_arguments_of_ours_are_no_keys(compose):
    validate(compose("question=lstm"), schema=Train)
    with pytest.raises(ConfigError, match=r"question.spec is not a config key"):
        validate(compose("question=lstm", "+question.spec=1"), schema=Train)
    with pytest.raises(ConfigError, match=r"model.question is not a config key"):
        validate(compose("+model.question=1"), schema=Train)


def test_a_user_mistake_in_a_constructor_is_told_in_its_own_words(compose):
    with pytest.raises(ConfigError, match=r"^question.pooling=max: expected"):
        Question(compose("question=bert", "question.pooling=max")["question"])
