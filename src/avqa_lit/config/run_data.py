"""The data of a run: source, store, cached texts, and the module that serves them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from avqa_lit.artifacts.results import DataFacts
from avqa_lit.config.build import build, refusals_told
from avqa_lit.config.cached_text import CachedText
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import Requirements
from avqa_lit.config.texts import cached_texts, check_texts, encoder_names
from avqa_lit.config.trial import check_device
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.perturbation import Perturbation
from avqa_lit.data.serving import Serving
from avqa_lit.data.source import DataSource
from avqa_lit.data.store import FeatureStore
from avqa_lit.errors import ConfigError

SERVING_KEYS = tuple(option.name for option in fields(Serving))


@dataclass(frozen=True)
class RunData:
    """Data as a run reads them.

    Attributes:
        module: serves the batches.
        question: the question encoder of the config.
        encoders: what encodes each text that batches carry, by the text's name.
    """

    module: AVQADataModule
    question: Question
    encoders: Mapping[str, str]

    @property
    def facts(self) -> DataFacts:
        """Where the data come from, for results.json."""
        return self.module.facts(self.encoders)


def build_source(node: Mapping[str, Any]) -> DataSource:
    """Where the data of a config's `data` come from.

    Raises:
        ConfigError: options that the source refuses.
    """
    with refusals_told("data"):
        source: DataSource = build({name: value for name, value in node.items() if name not in SERVING_KEYS})
    return source


def serving_of(node: Mapping[str, Any], *, trains: bool) -> Serving:
    """How the data of a config's `data` are served; views to train on matter in training alone."""
    given = {name: node[name] for name in SERVING_KEYS if name in node}
    if "batch_size" not in given:
        raise ConfigError("data.batch_size has no value: give the number of questions a step")
    return Serving(**given if trains else {**given, "train_views": ()})


def run_data(
    config: Mapping[str, Any],
    *,
    question: Question,
    requirements: Requirements,
    prompt: CachedText | None = None,
    seed: int,
    trains: bool = False,
    answers: tuple[str, ...] | None = None,
    words: tuple[str, ...] | None = None,
    drop: Literal["audio", "visual"] | None = None,
    perturbation: Perturbation | None = None,
    asked: Callable[[FeatureStore], FeatureStore] = lambda store: store,
) -> RunData:
    """The data of `config` for a model with these requirements.

    Args:
        config: holds `data`, `paths` and `display`.
        question: encodes the questions.
        requirements: of the model and its losses.
        prompt: gives the prompts beside the questions; None where there are none.
        seed: drives the order of training.
        trains: whether training reads them.
        answers: the model's answers; None takes those of the data.
        words: the model's words, likewise.
        drop: modality whose tracks are blanked.
        perturbation: changes the tracks of training batches.
        asked: from the store to what is asked of it; all of it if not given.

    Raises:
        ConfigError: data that do not offer what is required.
        DataError: data that cannot be read as they are.
    """
    source, serving = build_source(config["data"]), serving_of(config["data"], trains=trains)
    check_device(serving.device)
    requirements.check_source(source)
    model = requirements.model
    check_texts(model, question, prompt, source=source)
    cache = Path(config["paths"]["cache"]).expanduser()
    whole = source.prepare(tracks=requirements.needs.tracks, cache=cache, progress=config["display"])
    every = asked(whole)
    store = every.with_train_share(serving.train_share)
    texts = {
        text.text: text.features(every, model.texts[text.text]).of_part(every.splits, store.splits)
        for text in cached_texts(model, question, prompt)
    }
    module = AVQADataModule(
        store,
        serving=serving,
        texts=texts,
        seed=seed,
        with_other_videos=requirements.needs.other_videos,
        answers=answers,
        words=words,
        drop=drop,
        perturbation=perturbation,
    )
    return RunData(module, question, encoder_names(model, question, prompt))
