"""Question encoder that reads texts with the text tower of CLIP."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32
from torch import Tensor

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


class CLIPTextEncoder:
    """Encodes a question with the text tower of CLIP, whose weights stay as they are.

    A question's vector is the state at its end-of-text token after the last layer norm, projected into the
    space of images and not normalised. Its tokens are the states after the last layer norm, not projected,
    of a text that is filled up to the length that the tower takes, 77. The tower looks at earlier tokens
    alone, so that padding changes neither the vector nor the states of the text itself.

    References:
        Learning Transferable Visual Models From Natural Language Supervision (Radford et al., 2021),
        https://arxiv.org/abs/2103.00020, section 2.4.

    Args:
        model: name on the Hugging Face hub, or a local folder that `save_pretrained` left.
        revision: branch, tag or commit on the hub; a commit pins the weights.
        label: what results call a local folder; None takes its name.
        mask_padding: whether tokens end with the text; otherwise the states at padding count as real, as
            published code has them.
        padding: id of the token that fills up a text, which the states at padding depend on; None is the
            tokenizer's own.
        batch_size: texts encoded at once.
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str,
        label: str | None,
        mask_padding: bool,
        padding: int | None,
        batch_size: Count,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"question.batch_size={batch_size}: expected 1 or more")
        self.model = model
        self.revision = revision
        self.label = label
        self.mask_padding = mask_padding
        self.padding = padding
        self.batch_size = batch_size

    @cached_property
    def name(self) -> str:
        """Key under which a store keeps these features."""
        padding = "tokenizer" if self.padding is None else str(self.padding)
        settings = ("clip", "masked") if self.mask_padding else ("clip", "padded", padding)
        return features_name(self.model, revision=self.revision, label=self.label, settings=settings)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "text dim"]:
        """The projected state at the end of each text."""
        return np.stack(self._read(texts, lambda output, mask: output.text_embeds))

    def encode_tokens(self, texts: Sequence[str]) -> list[Float32[np.ndarray, "token dim"]]:
        """The states of each text's tokens, the special ones included."""
        return self._read(texts, self._tokens)

    def _tokens(self, output: Any, mask: Tensor) -> Iterator[Tensor]:
        for states, real in zip(output.last_hidden_state, mask, strict=True):
            yield states[: int(real.sum())] if self.mask_padding else states

    def _read(
        self, texts: Sequence[str], take: Callable[[Any, Tensor], Iterable[Tensor]]
    ) -> list[Float32[np.ndarray, "..."]]:
        """What `take` finds for each text in the tower's output and the mask of its tokens."""
        pretrained = load_pretrained(
            self.model, revision=self.revision, pooler=True, architecture="CLIPTextModelWithProjection"
        )
        device, longest = device_of_encoders(), pretrained.longest
        tower = pretrained.network.to(device)
        padding = self._padding_id(pretrained.tokenizer, known=tower.get_input_embeddings().num_embeddings)

        def encode(ids: Sequence[Sequence[int]]) -> Iterable[Tensor]:
            tokens, mask = padded(ids, padding=padding, length=longest)
            return take(tower(input_ids=tokens.to(device)), mask)

        ids = token_ids(pretrained, texts, longest=longest, name=self.name)
        return encoded_in_batches(ids, encode, batch_size=self.batch_size, name=self.name)

    def _padding_id(self, tokenizer: Any, *, known: int) -> int:
        padding: int | None = tokenizer.pad_token_id if self.padding is None else self.padding
        if padding is None or not 0 <= padding < known:
            raise ConfigError(
                f"question.padding={self.padding}: found the id {padding}, expected one of the {known} "
                f"tokens of {self.model}; 0 is what CLIP's authors take"
            )
        return padding
