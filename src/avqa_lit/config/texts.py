"""Which texts of a question a run reads, and what gives them: the question, and a prompt beside it."""

from collections.abc import Mapping
from typing import Any

from avqa_lit.batch import PROMPT, QUESTION
from avqa_lit.config.build import build, refusals_told
from avqa_lit.config.cached_text import CachedText
from avqa_lit.config.question import Question, is_trained
from avqa_lit.data.official import OfficialLayout
from avqa_lit.data.source import DataSource
from avqa_lit.data.texts import no_prompts
from avqa_lit.errors import ConfigError
from avqa_lit.needs import ModelNeeds


def prompt_of(config: Mapping[str, Any]) -> CachedText | None:
    """What gives the prompts of a config; None where it names nothing, as with `prompt=none`.

    Raises:
        ConfigError: an encoder that would be trained.
    """
    node = config.get(PROMPT) or {}
    if "_target_" not in node:
        return None
    if is_trained(node):
        raise ConfigError(
            f"prompt._target_={node['_target_']}: is trained with the model, which only the encoder of the "
            "question can be; choose one whose features are cached, as prompt=hashing"
        )
    with refusals_told(PROMPT):
        return CachedText(PROMPT, build(node))


def check_texts(
    model: ModelNeeds, question: Question, prompt: CachedText | None, *, source: DataSource
) -> None:
    """Refuse texts that a model reads and nothing gives, before any data are read.

    Raises:
        ConfigError: the name of the text, and what to do.
    """
    question.check(model)
    if unknown := [name for name in model.texts if name not in (QUESTION, PROMPT)]:
        raise ConfigError(
            f"the model reads the text {unknown[0]}, which no data have; its needs may name the texts "
            f"{QUESTION} and {PROMPT}"
        )
    parts = model.texts.get(PROMPT, ())
    if not parts:
        return
    if prompt is None:
        raise ConfigError(
            "the model reads a prompt beside each question, and prompt=none: choose an encoder, as in "
            "prompt=clip data.fields.prompt=KEY, or read features from files with prompt=files "
            "prompt.sentence=DIR"
        )
    prompt.check(parts)
    if (
        prompt.needs_text
        and isinstance(source, OfficialLayout)
        and source.raw is not None
        and source.fields.prompt is None
    ):
        raise ConfigError(no_prompts(f"data.raw={source.raw}"))


def cached_texts(model: ModelNeeds, question: Question, prompt: CachedText | None) -> list[CachedText]:
    """The texts with cached features that a model reads."""
    return [text for text in (question.cached, prompt) if text is not None and model.texts.get(text.text)]


def encoder_names(model: ModelNeeds, question: Question, prompt: CachedText | None) -> dict[str, str]:
    """What encodes each text that a model reads, by the text's name."""
    named = {QUESTION: question, PROMPT: prompt}
    return {name: text.name for name, text in named.items() if text is not None and model.texts.get(name)}
