"""Loads a pretrained transformer without running anything that its author wrote."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from avqa_lit.errors import ConfigError, MissingExtraError

Architecture = Literal["AutoModel", "CLIPTextModelWithProjection"]


@dataclass(frozen=True)
class Pretrained:
    """A network and the tokenizer that belongs to it.

    Attributes:
        tokenizer: of the transformers package.
        network: of the transformers package, in float32, for evaluation.
        longest: most tokens of a text that both can take.
    """

    tokenizer: Any
    network: Any
    longest: int


def load_pretrained(
    model: str, *, revision: str, pooler: bool, architecture: Architecture = "AutoModel"
) -> Pretrained:
    """The network and tokenizer called `model`.

    Weights are read from safetensors files alone, which hold numbers and no objects to unpickle; code that
    a repository brings along is not run.

    Args:
        model: name on the Hugging Face hub, or a folder.
        revision: branch, tag or commit on the hub.
        pooler: whether the pooler is used, so that its weights must be there too.
        architecture: class of the network; the first takes whatever the model is.

    Raises:
        MissingExtraError: transformers is not installed.
        ConfigError: no such model, or one that lacks weights.
    """
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError(f"question.model={model}", extra="transformers") from error
    where: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    try:
        with _quiet(downloads=not is_folder(model)):
            tokenizer = transformers.AutoTokenizer.from_pretrained(_name(model), **where)
            network, report = getattr(transformers, architecture).from_pretrained(
                _name(model), **where, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
    except Exception as error:  # of damaged files transformers raises whatever they led to
        raise _unusable(model, f"{type(error).__name__}: {error}") from error
    # Where its files are missing, transformers makes a tokenizer to which every word is unknown.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise _unusable(model, "its tokenizer knows no words")
    lacking = sorted(one for one in report["missing_keys"] if pooler or not one.startswith("pooler."))
    if lacking:
        remedy = (
            "question.pooling=mean" if all(one.startswith("pooler.") for one in lacking) else "another model"
        )
        raise ConfigError(
            f"question.model={model}: its files hold no weights for {', '.join(lacking[:3])}, which would be "
            f"random; choose {remedy}"
        )
    return Pretrained(tokenizer, network.eval(), _longest(network, tokenizer))


def _unusable(model: str, reason: str) -> ConfigError:
    first_line = next(iter(reason.strip().splitlines()))
    return ConfigError(
        f"question.model={model}: cannot be loaded ({first_line}). Without access to the Hugging Face hub "
        "give question.model=FOLDER with config.json, the tokenizer's files and model.safetensors, as "
        "save_pretrained leaves them; weights in other formats are not read"
    )


def is_folder(model: str) -> bool:
    """Whether `model` names a folder of this machine."""
    return Path(model).expanduser().is_dir()


def _name(model: str) -> str:
    return str(Path(model).expanduser()) if is_folder(model) else model


def _longest(network: nn.Module, tokenizer: Any) -> int:
    longest = int(tokenizer.model_max_length)
    for name, module in network.named_modules():
        if name.endswith(("position_embeddings", "position_embedding")) and isinstance(module, nn.Embedding):
            # RoBERTa and its kin count positions from behind the id of their padding.
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            longest = min(longest, module.num_embeddings - unused)
    return longest


@contextmanager
def _quiet(*, downloads: bool) -> Iterator[None]:
    """Without the tables and bars of transformers, but for those of downloads on a terminal."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if not (downloads and sys.stderr.isatty()):
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
