"""Runs the texts of a data set through a pretrained network, in batches of similar length."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor, nn

from avqa_lit.data.pretrained import Pretrained, is_folder
from avqa_lit.data.progress_bar import progress_bar

_LOGGER = logging.getLogger(__name__)
# What a folder's features depend on; weights in other formats are not read.
_READ = {".json", ".txt", ".model", ".safetensors"}


def features_name(model: str, *, revision: str, label: str | None, settings: Sequence[str]) -> str:
    """Key under which a store keeps the features of a model.

    A folder is known by what it holds, a model of the hub by name and revision, so that a store that has its
    features needs no hub.

    Args:
        model: name on the Hugging Face hub, or a folder.
        revision: branch, tag or commit on the hub.
        label: what to call a folder; None takes its name.
        settings: what else changes the features.
    """
    if is_folder(model):
        folder = Path(model).expanduser().absolute()
        known = f"{label or folder.name}-{_digest(folder)}"
    else:
        known = f"{model}-{revision}"
    return re.sub(r"[^\w.-]", "--", "_".join((known, *settings)))


def token_ids(pretrained: Pretrained, texts: Sequence[str], *, longest: int, name: str) -> list[list[int]]:
    """Ids of the tokens of each text, the special ones included; longer texts are cut, with a warning."""
    whole = pretrained.tokenizer(list(texts), verbose=False)["input_ids"]
    if cut := sum(len(text_ids) > longest for text_ids in whole):
        _LOGGER.warning(
            "question encoder %s: %d of %d texts are longer than %d tokens, and are cut there",
            name, cut, len(texts), longest,
        )  # fmt: skip
    ids: list[list[int]] = pretrained.tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
    return ids


def encoded_in_batches(
    ids: Sequence[Sequence[int]],
    encode: Callable[[Sequence[Sequence[int]]], Iterable[Tensor]],
    *,
    batch_size: int,
    name: str,
) -> list[Float32[np.ndarray, "..."]]:
    """What `encode` gives for each text, in the order of `ids`."""
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    found: dict[int, np.ndarray] = {}
    with torch.inference_mode(), progress_bar() as bar:
        for start in bar.track(range(0, len(order), batch_size), description=f"Encoding questions ({name})"):
            rows = order[start : start + batch_size]
            outputs = encode([ids[row] for row in rows])
            found |= zip(rows, (output.cpu().numpy().copy() for output in outputs), strict=True)
    return [found[row] for row in range(len(ids))]


def padded(
    ids: Sequence[Sequence[int]], *, padding: int, length: int | None = None
) -> tuple[Int64[Tensor, "text token"], Bool[Tensor, "text token"]]:
    """Token ids of a batch, and where they are real.

    Args:
        ids: of each text.
        padding: id of what fills up shorter texts.
        length: number of tokens to fill up to; None is that of the longest text.
    """
    tokens = nn.utils.rnn.pad_sequence(
        [torch.tensor(text_ids) for text_ids in ids], batch_first=True, padding_value=padding
    )
    if length is not None:
        tokens = nn.functional.pad(tokens, (0, length - tokens.shape[1]), value=padding)
    return tokens, torch.arange(tokens.shape[1]) < torch.tensor([len(text_ids) for text_ids in ids])[:, None]


def device_of_encoders() -> torch.device:
    """The accelerator of this machine, or its processor."""
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return found or torch.device("cpu")


def _digest(folder: Path) -> str:
    """Short checksum of the files that a model is loaded from."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in _READ:
            with path.open("rb") as file:
                digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:12]
