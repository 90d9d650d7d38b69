import numpy as np
import pytest
import torch

from avqa_lit.data.clip_text import CLIPTextEncoder
from avqa_lit.errors import ConfigError

TEXTS = ("how many violin ?", "is it loud ?", "?")
WORDS = ("!", "how", "many", "violin", "is", "it", "loud", "?", "[BOS]", "[EOS]")
SIZES = {
    "hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 2, "intermediate_size": 17,
    "projection_dim": 7, "max_position_embeddings": 77, "vocab_size": len(WORDS), "bos_token_id": 8,
    "eos_token_id": 9, "pad_token_id": 9,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random CLIP text tower with a tokenizer of whole words, which fills up with the end of text."""
    transformers = pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    tokenizers = pytest.importorskip("tokenizers")
    whole = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[EOS]")
    )
    whole.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    whole.post_processor = tokenizers.processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 8), ("[EOS]", 9)]
    )
    path = tmp_path_factory.mktemp("clip")
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=whole, bos_token="[BOS]", eos_token="[EOS]", pad_token="[EOS]", unk_token="[EOS]",
        model_max_length=77,
    ).save_pretrained(path)  # fmt: skip
    torch.manual_seed(3)
    tower = transformers.CLIPTextModelWithProjection(transformers.CLIPTextConfig(**SIZES))
    tower.save_pretrained(path)
    return path


def encoder_of(folder, **changed):
    settings = {"revision": "main", "label": None, "mask_padding": True, "padding": None, "batch_size": 2}
    return CLIPTextEncoder(model=str(folder), **(settings | changed))


def of_transformers(folder, text, **padding):
    """What transformers itself gives for a text."""
    from transformers import AutoTokenizer, CLIPTextModelWithProjection

    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt", truncation=True, **padding)
    with torch.no_grad():
        output = CLIPTextModelWithProjection.from_pretrained(folder)(input_ids=ids["input_ids"])
    return output.text_embeds[0].numpy(), output.last_hidden_state[0].numpy()


def test_a_question_is_its_projected_end_and_its_states_after_the_last_layer_norm(folder):
    encoder = encoder_of(folder)
    sentences, tokens = encoder.encode(TEXTS), encoder.encode_tokens(TEXTS)
    assert sentences.shape == (3, 7)
    assert sentences.dtype == np.float32
    for text, sentence, states in zip(TEXTS, sentences, tokens, strict=True):
        embedding, expected = of_transformers(folder, text)
        assert states.shape == (len(text.split()) + 2, 12)
        np.testing.assert_allclose(sentence, embedding, atol=1e-6)
        np.testing.assert_allclose(states, expected, atol=1e-6)


def test_without_a_mask_all_77_states_are_tokens(folder):
    encoder = encoder_of(folder, mask_padding=False)
    for text, states in zip(TEXTS, encoder.encode_tokens(TEXTS), strict=True):
        _, expected = of_transformers(folder, text, padding="max_length", max_length=77)
        assert states.shape == (77, 12)
        np.testing.assert_allclose(states, expected, atol=1e-6)
    np.testing.assert_allclose(encoder.encode(TEXTS), encoder_of(folder).encode(TEXTS), atol=1e-6)


def test_padding_changes_only_the_states_that_a_mask_hides(folder):
    (own,), (zeros,) = (
        encoder_of(folder, mask_padding=False, padding=padding).encode_tokens(TEXTS[:1])
        for padding in (None, 0)
    )
    np.testing.assert_allclose(own[:6], zeros[:6], atol=1e-6)
    assert np.abs(own[6:] - zeros[6:]).max(axis=1).min() > 1e-3


def test_a_text_that_is_too_long_keeps_its_end(folder, caplog):
    (states,) = encoder_of(folder).encode_tokens(["is " * 100])
    assert states.shape == (77, 12)
    assert "1 of 1 texts are longer than 77 tokens" in caplog.text
    embedding, _ = of_transformers(folder, "is " * 100, max_length=77)
    np.testing.assert_allclose(encoder_of(folder).encode(["is " * 100])[0], embedding, atol=1e-6)


def test_the_text_tower_is_taken_out_of_a_whole_clip(folder, tmp_path):
    transformers = pytest.importorskip("transformers")
    vision = {
        "hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 1, "intermediate_size": 17,
        "image_size": 4, "patch_size": 2,
    }  # fmt: skip
    config = transformers.CLIPConfig(text_config=SIZES, vision_config=vision, projection_dim=7)
    whole = transformers.CLIPModel(config).eval()
    whole.save_pretrained(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(tmp_path)
    with torch.no_grad():
        found = whole.get_text_features(tokenizer(TEXTS[0], return_tensors="pt")["input_ids"])
    expected = found if isinstance(found, torch.Tensor) else found.pooler_output
    np.testing.assert_allclose(encoder_of(tmp_path).encode(TEXTS[:1]), expected, atol=1e-6)


def test_the_name_tells_apart_whatever_gives_other_features(folder):
    changes = ({}, {"mask_padding": False}, {"mask_padding": False, "padding": 0}, {"label": "CLIP"})
    names = {encoder_of(folder, **changed).name for changed in changes}
    assert len(names) == len(changes)
    assert encoder_of(folder, padding=0, batch_size=5).name in names


def test_a_model_that_is_no_clip_is_refused(pretrained):
    with pytest.raises(ConfigError, match=r"question.model=\S+bert"):
        encoder_of(pretrained("bert")).encode(TEXTS)


@pytest.mark.parametrize("padding", [-1, 10])
def test_a_padding_that_is_no_token_is_refused(folder, padding):
    with pytest.raises(ConfigError, match=rf"question.padding={padding}: .* one of the 10 tokens of"):
        encoder_of(folder, padding=padding).encode(TEXTS)


def test_a_batch_without_texts_is_refused():
    with pytest.raises(ConfigError, match=r"question.batch_size=0: expected 1 or more"):
        encoder_of("anywhere", batch_size=0)
