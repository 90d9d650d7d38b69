"""A trained model with its data, from a checkpoint, in which config and vocabularies travel."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from avqa_lit.artifacts.checkpoint_origin import read_origin
from avqa_lit.batch import PROMPT, QUESTION, ModelSpec, TextSpec, TrackSpec
from avqa_lit.config.build import build_module, refusals_told
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.resolve import fill_in_budget
from avqa_lit.config.run_data import RunData, run_data
from avqa_lit.config.schema import Evaluate, Train
from avqa_lit.config.texts import prompt_of
from avqa_lit.config.trust import check_trust
from avqa_lit.config.validation import validate
from avqa_lit.data.store import FeatureStore
from avqa_lit.errors import ConfigError, DataError, UserError
from avqa_lit.taxonomy import Taxonomy
from avqa_lit.training.checkpoint_io import UnreadableCheckpointError, read_checkpoint
from avqa_lit.training.module import AVQAModule

# Groups of a checkpoint's config from which the module is built again; its data may be chosen anew.
REBUILT = ("model", "question", "prompt", "loss", "optimizer", "schedule")


@dataclass(frozen=True)
class Restored:
    """What a checkpoint was trained with, ready to answer.

    Attributes:
        path: the checkpoint.
        trained: config of the run that wrote it.
        epoch: epoch after which it was written; None where the file does not tell.
        taxonomy: the categories of the questions that it was trained on; None where the file does not tell.
        data: what it shall be asked about, in its own vocabularies.
        module: the model with its weights.
    """

    path: Path
    trained: dict[str, Any]
    epoch: int | None
    taxonomy: Taxonomy | None
    data: RunData
    module: AVQAModule


def restore(
    config: dict[str, Any],
    *,
    drop: Literal["audio", "visual"] | None = None,
    asked: Callable[[FeatureStore], FeatureStore] = lambda store: store,
) -> Restored:
    """The model of `checkpoint` with the data of `data`, or with those that it was trained on.

    Args:
        config: plain config of a command that reads a checkpoint. Its `data` is filled in: where it chooses
            none, it changes keys of the data that the model was trained on.
        drop: modality whose features are blanked.
        asked: from the store to what is asked of it; all of it if not given.

    Raises:
        ConfigError: no checkpoint of ours there, one that names classes which are not trusted, or one whose
            config or weights do not fit the classes.
        DataError: features of another shape than the checkpoint was trained on.
    """
    path = Path(config["checkpoint"])
    checkpoint = load_checkpoint(path)
    origin = read_origin(checkpoint, path=path)
    trained = origin.config
    given = config["data"] or {}
    unread = ["data"] if "_target_" in given else []
    check_trust(trained, trust=config["trust"], origin=path, unread=unread)
    if "_target_" not in given:
        config["data"] = merged(trained["data"], given)
        validate({"data": config["data"]}, schema=Evaluate)
    trained = trained | _changed_texts(trained, config, path)
    fill_in_budget(config, trained["budget"])
    with _rebuilding(path, "question or prompt"), _named(path), refusals_told("question"):
        validate({name: trained[name] for name in REBUILT if name in trained} | {"data": {}}, schema=Train)
        question, prompt = Question(trained["question"]), prompt_of(trained)
        requirements = requirements_of(trained)
    with _rebuilding(path, "data, question or prompt"):
        data = run_data(
            config,
            question=question,
            requirements=requirements,
            prompt=prompt,
            seed=trained["seed"],
            answers=origin.answers,
            words=origin.words,
            drop=drop,
            asked=asked,
        )
    with _rebuilding(path, "spec"):
        spec = spec_from(origin.spec)
    if data.module.spec != spec:
        raise DataError(
            f"{path}: trained on {spec}, but these data are {data.module.spec} with the encoders "
            f"{', '.join(data.module.store.encoders.values())}; use features of the same encoders"
        )
    with _rebuilding(path, "model"), _named(path):
        module = build_module(trained, data, requirements, origin=origin.plain())
    with _rebuilding(path, "state_dict"):
        module.load_state_dict(checkpoint["state_dict"])
    epoch = checkpoint.get("epoch")
    epoch = epoch if isinstance(epoch, int) else None
    return Restored(path, trained, epoch, origin.taxonomy, data, module)


def _changed_texts(
    trained: Mapping[str, Any], config: Mapping[str, Any], path: Path
) -> dict[str, dict[str, Any]]:
    """Encoders of the question and the prompt with the keys that a command gives, as where files lie now.

    Raises:
        ConfigError: another class, or keys of a prompt where the checkpoint has none.
    """
    given = {name: config[name] for name in (QUESTION, PROMPT) if config.get(name)}
    for name, keys in given.items():
        if "_target_" in keys or "_target_" not in (trained.get(name) or {}):
            raise ConfigError(
                f"{name}={keys}: the encoder is that of checkpoint={path}; expected some of its keys, as in "
                f"{name}.model=DIR"
            )
    return {name: merged(trained[name], keys) for name, keys in given.items()}


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the checkpoint before a message about a key, which stands in no config of the user's."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"checkpoint={path}: {error}") from error


@contextmanager
def _rebuilding(path: Path, entry: str) -> Iterator[None]:
    """Tell in one message what prevents that an entry of a checkpoint becomes an object again.

    Raises:
        ConfigError: the block ends with an error of a library or of Python, whichever, since the values may
            be anything.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"checkpoint={path}: {entry} does not fit the classes of this installation "
            f"({type(error).__name__}: {reason}); another version wrote the file, or it was changed since"
        ) from error


def merged(node: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A node of a config with some of its keys changed, also in nodes below it.

    Example:
        >>> merged({"raw": "a", "fields": {"answer": "anser", "type": "type"}}, {"fields": {"type": "kind"}})
        {'raw': 'a', 'fields': {'answer': 'anser', 'type': 'kind'}}
    """
    nested = {
        key: merged(node[key], value)
        for key, value in changes.items()
        if isinstance(value, dict) and isinstance(node.get(key), dict)
    }
    return node | changes | nested


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The checkpoint of ours at `path`.

    Raises:
        ConfigError: no file there, or not a checkpoint that avqa_lit wrote.
    """
    checkpoint = read_weights(path)
    read_origin(checkpoint, path=path)
    return checkpoint


def read_weights(path: Path) -> dict[str, Any]:
    """What a file of weights holds, read without unpickling any object.

    Raises:
        ConfigError: no file there, or one that is damaged or does not hold named weights.
    """
    if not path.is_file():
        raise ConfigError(
            f"checkpoint={path}: no such file; a run leaves checkpoints/best.ckpt in its folder"
        )
    try:
        checkpoint = read_checkpoint(path)
    except UnreadableCheckpointError as error:
        raise ConfigError(f"checkpoint={error}") from error
    if not isinstance(checkpoint, dict):
        raise ConfigError(f"checkpoint={path}: expected weights by name, found a {type(checkpoint).__name__}")
    return checkpoint


def spec_from(plain: Mapping[str, Any]) -> ModelSpec:
    """The spec that a checkpoint carries as plain values."""
    return ModelSpec(
        **{
            **plain,
            "tracks": {name: TrackSpec(**track) for name, track in plain["tracks"].items()},
            "texts": {name: TextSpec(**text) for name, text in plain["texts"].items()},
        }
    )
