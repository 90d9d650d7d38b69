"""Question encoder that reads texts with a pretrained transformer."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from avqa_lit.data.pretrained import Pretrained, is_folder, load_pretrained
from avqa_lit.data.progress_bar import progress_bar
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Count

Pooling = Literal["mean", "cls", "pooler"]
_LOGGER = logging.getLogger(__name__)
# What a folder's features depend on; weights in other formats are not read.
_READ = {".json", ".txt", ".model", ".safetensors"}


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
        """Key under which a store keeps these features.

        A folder is known by what it holds, a model of the hub by name and revision, so that a store that
        has its features needs no hub.
        """
        if is_folder(self.model):
            folder = Path(self.model).expanduser().absolute()
            model = f"{self.label or folder.name}-{_digest(folder)}"
        else:
            model = f"{self.model}-{self.revision}"
        length = "_unit" if self.normalise else ""
        return re.sub(r"[^\w.-]", "--", f"{model}_{self.pooling}_{self.max_length}{length}")

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
        accelerated = torch.accelerator.is_available()
        device = torch.accelerator.current_accelerator() if accelerated else torch.device("cpu")
        network = pretrained.network.to(device)
        ids = self._token_ids(pretrained, texts)
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        starts = range(0, len(order), self.batch_size)
        found: dict[int, np.ndarray] = {}
        with torch.inference_mode(), progress_bar() as bar:
            for start in bar.track(starts, description=f"Encoding questions ({self.name})"):
                rows = order[start : start + self.batch_size]
                tokens, mask = _padded([ids[row] for row in rows], pretrained.tokenizer.pad_token_id)
                mask = mask.to(device)
                output = network(input_ids=tokens.to(device), attention_mask=mask.long())
                found |= zip(rows, (one.cpu().numpy().copy() for one in take(output, mask)), strict=True)
        return [found[row] for row in range(len(texts))]

    def _token_ids(self, pretrained: Pretrained, texts: Sequence[str]) -> list[list[int]]:
        longest = min(self.max_length, pretrained.longest)
        whole = pretrained.tokenizer(list(texts), verbose=False)["input_ids"]
        if cut := sum(len(one) > longest for one in whole):
            _LOGGER.warning(
                "question encoder %s: %d of %d texts are longer than %d tokens, and are cut there",
                self.name, cut, len(texts), longest,
            )  # fmt: skip
        ids: list[list[int]] = pretrained.tokenizer(list(texts), truncation=True, max_length=longest)[
            "input_ids"
        ]
        return ids

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


def _padded(ids: Sequence[Sequence[int]], padding: int | None) -> tuple[Tensor, Tensor]:
    """Token ids of a batch, and where they are real."""
    tokens = nn.utils.rnn.pad_sequence(
        [torch.tensor(one) for one in ids], batch_first=True, padding_value=padding or 0
    )
    return tokens, torch.arange(tokens.shape[1]) < torch.tensor([len(one) for one in ids])[:, None]


def _digest(folder: Path) -> str:
    """Short checksum of the files that a model is loaded from."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _READ:
            with path.open("rb") as file:
                digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:12]
