import logging
import shutil

import numpy as np
import pytest
import torch

from avqa_lit.data.transformer import TransformerEncoder
from avqa_lit.errors import ConfigError

TEXTS = ("How many violin?", "Is it loud?", "Where is the loud violin, and how loud is it?", "Is it?", "?")


def encoder_of(folder, **changed):
    settings = {
        "revision": "main", "label": None, "pooling": "mean", "normalise": False, "max_length": 13,
        "batch_size": 2,
    }  # fmt: skip
    return TransformerEncoder(model=str(folder), **(settings | changed))


def alone(folder, text, *, tokens=11):
    """What transformers itself says of one text, which has no padding then."""
    from transformers import AutoModel, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(folder)(text, truncation=True, max_length=tokens)["input_ids"]
    with torch.no_grad():
        output = AutoModel.from_pretrained(folder)(input_ids=torch.tensor([ids]))
    return output.last_hidden_state[0].numpy(), getattr(output, "pooler_output", [None])[0]


@pytest.fixture(scope="module", params=["bert", "roberta", "distilbert"])
def folder(request, pretrained):
    return pretrained(request.param)


@pytest.fixture(scope="module")
def bert(pretrained):
    return pretrained("bert")


def test_a_text_is_encoded_in_a_batch_as_alone(folder):
    encoder, whole = encoder_of(folder, max_length=11), encoder_of(folder, max_length=11, batch_size=99)
    means, tokens = encoder.encode(TEXTS), encoder.encode_tokens(TEXTS)
    assert means.dtype == np.float32
    for text, mean, one in zip(TEXTS, means, tokens, strict=True):
        expected, _ = alone(folder, text)
        np.testing.assert_allclose(one, expected, atol=1e-6)
        np.testing.assert_allclose(mean, expected.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(whole.encode(TEXTS), means, atol=1e-6)


def test_the_first_token_and_the_pooler_are_other_choices(bert):
    first, pooled = (encoder_of(bert, pooling=one, max_length=11).encode(TEXTS) for one in ("cls", "pooler"))
    for row, text in enumerate(TEXTS):
        tokens, pooler = alone(bert, text)
        np.testing.assert_allclose(first[row], tokens[0], atol=1e-6)
        np.testing.assert_allclose(pooled[row], pooler, atol=1e-6)


def test_vectors_can_have_length_one(bert):
    plain, unit = (encoder_of(bert, normalise=one).encode(TEXTS) for one in (False, True))
    np.testing.assert_allclose(unit, plain / np.linalg.norm(plain, axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize(("kind", "longest"), [("bert", 13), ("roberta", 11)])
def test_longer_texts_are_cut_at_the_models_limit_and_counted(pretrained, caplog, kind, longest):
    """RoBERTa's first two positions are never used."""
    folder = pretrained(kind)
    texts = ["is " * 40, "loud " * (longest - 2), "it " * (longest - 1)]
    with caplog.at_level(logging.WARNING):
        found = encoder_of(folder, max_length=512).encode_tokens(texts)
    assert [len(one) for one in found] == [longest] * 3
    assert f"2 of 3 texts are longer than {longest} tokens" in caplog.text
    np.testing.assert_allclose(found[0], alone(folder, texts[0], tokens=longest)[0], atol=1e-6)


def test_the_name_tells_apart_whatever_gives_other_features(bert, tmp_path):
    changes = ({}, {"pooling": "cls"}, {"normalise": True}, {"max_length": 7}, {"label": "BERT"})
    names = {encoder_of(bert, **one).name for one in changes}
    assert len(names) == len(changes)
    assert encoder_of(bert, batch_size=5).name in names
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        other = tmp_path / file / bert.name
        shutil.copytree(bert, other)
        assert encoder_of(other).name in names
        (other / "model.bin").write_bytes(b"not read")
        assert encoder_of(other).name in names
        (other / file).write_bytes((other / file).read_bytes() + b" ")
        assert encoder_of(other).name not in names


def test_a_name_on_the_hub_needs_no_look_at_the_hub():
    names = {encoder_of("lab/bert", revision=one).name for one in ("main", "v2")}
    assert names == {"lab--bert-main_mean_13", "lab--bert-v2_mean_13"}


def test_a_network_without_a_pooler_has_none_to_choose(pretrained):
    with pytest.raises(ConfigError, match=r"question.pooling=pooler: .* has no pooler; choose mean or cls"):
        encoder_of(pretrained("distilbert"), pooling="pooler").encode(TEXTS)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pooling": "max"}, "question.pooling=max: expected mean, cls, pooler"),
        ({"max_length": 0}, "question.max_length=0: expected 1 or more"),
        ({"batch_size": 0}, "question.batch_size=0: expected 1 or more"),
    ],
)
def test_impossible_settings_are_refused(changed, message):
    with pytest.raises(ConfigError, match=message):
        encoder_of("anywhere", **changed)
