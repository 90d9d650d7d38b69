"""Texts that a model reads and nothing gives are refused before any data are read."""

import sys

import numpy as np
import pytest
from torch import nn

from avqa_lit.config.keys import config_key
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.run_data import run_data
from avqa_lit.config.texts import prompt_of
from avqa_lit.errors import ConfigError
from avqa_lit.needs import ModelNeeds


class ReadsTexts(nn.Module):
    """A user's model that reads any texts."""

    @classmethod
    def needs(cls, *, texts):
        return ModelNeeds(texts=texts)


class Sentences:
    """A user's encoder that knows whole texts only."""

    name = "sentences"

    def encode(self, texts):
        return np.array([[len(text)] for text in texts])


EARS = {"_target_": "avqa_lit.data.feature_files.Extraction", "encoder": "ears", "seconds_per_row": 1.0}
ABSENT = {
    "_target_": "avqa_lit.data.official.OfficialLayout", "raw": "/absent", "audio": EARS, "visual": None,
    "annotations": {split: f"{split}.json" for split in ("train", "val", "test")}, "batch_size": 7,
}  # fmt: skip
CONCERTS = {
    "_target_": "avqa_lit.data.synthetic.concerts.SyntheticConcerts", "seed": 0, "videos": 20,
    "questions_per_video": 5, "noise": 0.2, "batch_size": 7,
}  # fmt: skip
HASHING = {"_target_": "avqa_lit.data.hashing.HashingEncoder", "dim": 11}
FILES = {
    "_target_": "avqa_lit.data.question_files.QuestionFiles", "sentence": None, "tokens": None,
    "files": "{question_id}.npy",
}  # fmt: skip
LSTM = {"_target_": "avqa_lit.models.word_lstm.WordLSTM", "embedding": 5, "dim": 7, "word_dropout": 0.0}


@pytest.fixture(autouse=True)
def mylab(monkeypatch):
    monkeypatch.setitem(sys.modules, "mylab", sys.modules[__name__])


@pytest.fixture
def data_of(cache):
    """Data of a run whose model reads these texts."""

    def of(texts, *, question=HASHING, prompt=None, data=ABSENT):
        config = {
            "data": data, "model": {"_target_": "mylab.ReadsTexts", "texts": texts}, "loss": {},
            "prompt": prompt, "paths": {"cache": str(cache)}, "display": False,
        }  # fmt: skip
        return run_data(
            config,
            question=Question(question),
            requirements=requirements_of(config),
            prompt=prompt_of(config),
            seed=0,
        )

    return of


@pytest.mark.parametrize(
    ("texts", "chosen", "message"),
    [
        ({"question": ["sentence"]}, {"question": FILES},
         r"reads sentence vectors of the question, and question\.sentence is null: name the folder"),
        ({"question": ["tokens"]}, {"question": FILES},
         r"reads token states of the question, and question\.tokens is null: .* as question=clip"),
        ({"question": ["sentence"]}, {"question": FILES | {"sentence": "/absent"}},
         r"question\.sentence=/absent: no such folder"),
        ({"prompt": ["tokens"]}, {"prompt": FILES}, r"token states of the prompt, and prompt\.tokens is nul"),
        ({"prompt": ["sentence"]}, {}, r"reads a prompt beside each question, and prompt=none: choose an"),
        ({"prompt": ["tokens"]}, {"prompt": {"_target_": "mylab.Sentences"}},
         r"prompt encoder sentences encodes whole prompts, but the model reads their words"),
        ({"prompt": ["sentence"]}, {"prompt": HASHING},
         r"data\.raw=/absent: has no prompts; name their key .*data\.fields\.prom"),
        ({"prompt": ["sentence"]}, {"prompt": FILES | {"sentence": "/", "files": "{text}.npy"}},
         r"data\.raw=/absent: has no prompts"),
        ({"caption": ["sentence"]}, {},
         r"reads the text caption, which no data have; its needs may name the texts question and prompt"),
        ({"prompt": ["sentence"]}, {"prompt": LSTM},
         r"prompt\._target_=avqa_lit\.models\.word_lstm\.WordLSTM: is trained with the model, which"),
    ],
)  # fmt: skip
def test_texts_that_nothing_gives_are_refused_before_any_data_are_read(data_of, texts, chosen, message):
    with pytest.raises(ConfigError, match=message):
        data_of(texts, **chosen)


def test_data_without_prompts_are_told_once_they_are_opened(data_of):
    with pytest.raises(ValueError, match=r"has no prompts; .*data\.fields\.prompt="):
        data_of({"prompt": ["sentence"]}, prompt=HASHING, data=CONCERTS)


def test_prompts_that_no_model_reads_are_not_encoded(data_of):
    run = data_of({"question": ["sentence"]}, prompt=HASHING, data=CONCERTS)
    assert set(run.module.texts) == {"question"}
    assert run.encoders == {"question": "hashing_11"}


def test_a_prompt_from_files_needs_no_text(data_of, tmp_path):
    for identity in range(100):
        np.save(tmp_path / f"{identity}.npy", np.full((1, 3), identity, np.float16))
    run = data_of({"prompt": ["sentence"]}, prompt=FILES | {"sentence": str(tmp_path)}, data=CONCERTS)
    assert run.module.spec.texts["prompt"].sentence == 3
    table = run.module.store.splits["val"]
    batch = run.module.gather("val", np.arange(len(table)), total=len(table))
    assert batch.texts["prompt"].sentence[:, 0].tolist() == [float(name) for name in table.question_id]


def test_without_a_prompt_a_config_is_what_it_was_before_there_were_any(compose):
    config = compose()
    assert "prompt" not in config
    assert config_key(compose("prompt=none")) == config_key(config)
    assert config_key(compose("prompt=hashing")) != config_key(config)
