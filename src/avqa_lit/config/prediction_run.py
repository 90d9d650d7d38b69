"""The answer to one's own question about one video."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from rich.table import Table

from avqa_lit.batch import PROMPT, QUESTION
from avqa_lit.config.resolve import resolved
from avqa_lit.config.restored import Restored, restore
from avqa_lit.config.schema import Predict
from avqa_lit.config.validation import validate
from avqa_lit.console import PlainConsole, print_plain, visible
from avqa_lit.data.own_question import with_own_question
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.texts import AbsentTextError
from avqa_lit.data.vocabulary import split_words
from avqa_lit.errors import ConfigError
from avqa_lit.metrics.attention_figure import attention_figure, figure_path, save_figure
from avqa_lit.metrics.attention_time import AttentionOverTime, attention_lines, attention_over_time
from avqa_lit.training.attention import AttentionCollector
from avqa_lit.training.process import quiet_lightning

if TYPE_CHECKING:
    from omegaconf import DictConfig

# Why one's own question lacks a text that a model reads, and what to do.
_ABSENT = {
    QUESTION: (
        "the model reads features of questions from files, which hold those of published questions alone",
        "train with an encoder such as question=clip",
    ),
    PROMPT: (
        "the model reads a prompt beside each question, which published questions alone have",
        "train a model that reads the question alone",
    ),
}
TOP = 5
BARS = 60


def predict(cfg: "DictConfig") -> None:
    """Print the most probable answers and the attention over time; draw the latter if a file is named.

    Raises:
        ConfigError: no question, no checkpoint of ours, or a figure of no known format.
        DataError: no such video.
    """
    config = resolved(cfg)
    validate(config, schema=Predict)
    if config["ask"] is None:
        raise ConfigError('question has no value: give question="..." on the command line')
    figure = None if config["figure"] is None else figure_path(config["figure"])
    quiet_lightning()
    with tempfile.TemporaryDirectory() as folder:
        restored = _restored(config, Path(folder))
        answers, tracks = _answered(restored)
    text = restored.data.module.store.texts[0]
    _warn_of_unseen_words(text, restored)
    console = PlainConsole()
    console.print(visible(f"{config['video_id']}: {text}"), soft_wrap=True)
    console.print(_table(answers))
    for line in attention_lines(tracks, width=BARS):
        console.print(line, soft_wrap=True)
    if not tracks:
        console.print("this model has no attention over time")
    elif figure is not None:
        name, chance = answers[0]
        drawn = attention_figure(tracks, title=f"{text}\n{name} ({100 * chance:.0f}%), {config['video_id']}")
        save_figure(drawn, figure)
        console.print(str(figure), soft_wrap=True)


def _restored(config: dict[str, Any], folder: Path) -> Restored:
    """The model with the one question, of which encoders may keep features in `folder`."""

    def asked(store: FeatureStore) -> FeatureStore:
        return with_own_question(store, video_id=config["video_id"], question=config["ask"], folder=folder)

    try:
        return restore(config, asked=asked)
    except AbsentTextError as error:
        reason, remedy = _ABSENT[error.text]
        raise ConfigError(f"question={config['ask']}: {reason}; to ask one's own, {remedy}") from error


def _answered(restored: Restored) -> tuple[list[tuple[str, float]], dict[str, AttentionOverTime]]:
    """The most probable answers with their probabilities, and the attention by modality."""
    (batch,) = restored.data.module.loader("test", shuffle=False, rank=0, world_size=1)
    restored.module.eval()
    with torch.inference_mode():
        output = restored.module(batch)
    best = output.logits[0].float().softmax(dim=-1).topk(min(TOP, output.logits.shape[-1]))
    looks = AttentionCollector()
    looks.update(output, batch)
    names = [restored.data.module.answers[label] for label in best.indices.tolist()]
    tracks = attention_over_time(looks.gathered(restored.data.module.store), 0)
    return list(zip(names, best.values.tolist(), strict=True)), tracks


def _warn_of_unseen_words(text: str, restored: Restored) -> None:
    words = restored.data.module.words
    unseen = [word for word in dict.fromkeys(split_words(text)) if word not in set(words)]
    if unseen:
        spelt = {word.casefold(): word for word in words}
        told = ", ".join(
            f"{word!r}" + (f" (seen as {spelt[word.casefold()]!r})" if word.casefold() in spelt else "")
            for word in unseen
        )
        print_plain(f"warning: never seen in a training question: {told}", file=sys.stderr)


def _table(answers: list[tuple[str, float]]) -> Table:
    table = Table()
    table.add_column("answer")
    table.add_column("probability, %", justify="right")
    for name, chance in answers:
        table.add_row(visible(name), f"{100 * chance:.1f}")
    return table
