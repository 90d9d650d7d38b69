"""Question encoder that reads texts with a pretrained transformer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Float32
from torch import Tensor, nn

from avqa_lit.data.pretrained import load_pretrained
from avqa_lit.data.text_batches import (
    device_of_encoders,
    encoded_in_batches,
    features_name,
    padded,
    token_ids,
)
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Count

Pooling = Literal["mean", "cls", "pooler"]


class TransformerEncoder:
    r"""Encodes a question with a transformer whose weights stay as they are.

    With outputs :math:`h_t` of the last layer at the tokens t of a question, the special ones included, its
    vector is :math:`\frac{1}{T} \sum_t h_t` (``mean``), :math:`h_1` (``cls``) or the network's own
    :math:`\tanh(W h_1 + b)` (``pooler``). The words' vectors are the :math:`h_t`. Texts are batched by
    length, and masked, so that none depends on the others.

    References:
        BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding (Devlin et al.,
        2019), https://arxiv.org/abs/1810.04805: CLS and pooler.

        Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks (Reimers and Gurevych, 2019),
        https://arxiv.org/abs/1908.10084, section 3: the mean.

    Args:
        model: name on the Hugging Face hub, or a local folder that `save_pretrained` left.
        revision: branch, tag or commit on the hub; a commit pins the weights.
        label: what results call a local folder; None takes its name.
        pooling: how a question's tokens become one vector.
        normalise: divide a question's vector by its length.
        max_length: tokens behind which a text is cut, unless the model takes fewer.
        batch_size: texts encoded at once.
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str,
        label: str | None,
        pooling: Pooling,
        normalise: bool,
        max_length: Count,
        batch_size: Count,
    ) -> None:
        if pooling not in get_args(Pooling):
            raise ConfigError(f"question.pooling={pooling}: expected {', '.join(get_args(Pooling))}")
        for name, value in (("max_length", max_length), ("batch_size", batch_size)):
            if value < 1:
                raise ConfigError(f"question.{name}={value}: expected 1 or more")
        self.model = model
        self.revision = revision
        self.label = label
        self.pooling = pooling
        self.normalise = normalise
        self.max_length = max_length
        self.batch_size = batch_size

    @cached_property
    def name(self) -> str:
        """Key under which a store keeps these features."""
        settings = (self.pooling, str(self.max_length), *(("unit",) if self.normalise else ()))
        return features_name(self.model, revision=self.revision, label=self.label, settings=settings)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """One vector for each text."""
        return np.stack(self._read(texts, self._pooled))

    def encode_tokens(self, texts: Sequence[str]) -> list[Float32[np.ndarray, "token dim"]]:
        """The vectors of each text's tokens, the special ones included."""
        return self._read(texts, _tokens)

    def _read(
        self, texts: Sequence[str], take: Callable[[Any, Tensor], Iterable[Tensor]]
    ) -> list[Float32[np.ndarray, "..."]]:
        """What `take` finds for each text in the network's output and the mask of its tokens."""
        pretrained = load_pretrained(self.model, revision=self.revision, pooler=self.pooling == "pooler")
        device = device_of_encoders()
        network = pretrained.network.to(device)
        padding = pretrained.tokenizer.pad_token_id or 0

        def encode(ids: Sequence[Sequence[int]]) -> Iterable[Tensor]:
            tokens, mask = padded(ids, padding=padding)
            mask = mask.to(device)
            return take(network(input_ids=tokens.to(device), attention_mask=mask.long()), mask)

        longest = min(self.max_length, pretrained.longest)
        ids = token_ids(pretrained, texts, longest=longest, name=self.name)
        return encoded_in_batches(ids, encode, batch_size=self.batch_size, name=self.name)

    def _pooled(self, output: Any, mask: Tensor) -> Float[Tensor, "batch dim"]:
        hidden: Tensor = output.last_hidden_state
        pooled: Tensor | None
        if self.pooling == "mean":
            pooled = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        elif self.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            pooled = getattr(output, "pooler_output", None)
        if pooled is None:
            raise ConfigError(f"question.pooling=pooler: {self.model} has no pooler; choose mean or cls")
        return nn.functional.normalize(pooled, dim=-1) if self.normalise else pooled


def _tokens(output: Any, mask: Tensor) -> Iterator[Tensor]:
    return (one[: int(real.sum())] for one, real in zip(output.last_hidden_state, mask, strict=True))
