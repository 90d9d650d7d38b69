"""Paths of a config: absolute from the start, whatever folder the run works in later."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from avqa_lit.errors import ConfigError

# Keys whose values are paths, relative to the folder in which the command was started.
PATHS = (
    "paths.runs", "paths.cache", "data.raw", "data.store", "data.export",
    "checkpoint", "predictions", "figure", "resume",
    "question.sentence", "question.tokens", "prompt.sentence", "prompt.tokens",
)  # fmt: skip
# Groups whose keys are paths with this class alone: a question encoder of one's own may call others so.
OF_CLASS = dict.fromkeys(("question", "prompt"), "avqa_lit.data.question_files.QuestionFiles")
# Words that one of them may hold in place of a path.
WORDS = {"resume": ("auto", "never")}
# Keys of Hydra that are paths alike; Hydra makes such a folder itself.
PATHS_OF_HYDRA = ("hydra.run.dir", "hydra.sweep.dir")


def start_folder() -> Path:
    """Folder in which the command was started, which it leaves with `hydra.job.chdir`."""
    if HydraConfig.initialized() and HydraConfig.get().job.chdir:
        return Path(HydraConfig.get().runtime.cwd)
    return Path.cwd()


def absolute(key: str, path: str) -> str:
    """A path in which `~` is the home folder and which does not depend on the working folder.

    A name behind `~` that is no user's is a part of the path, as it is for a shell.

    Raises:
        ConfigError: an empty path, or a home folder that nobody knows.
    """
    if not path.strip():
        raise ConfigError(f"{key} is empty: expected a path; give null where a path may be left out")
    try:
        return str(start_folder() / Path(path).expanduser())
    except RuntimeError as error:
        if Path(path).parts[0] != "~":
            return str(start_folder() / path)
        raise ConfigError(
            f"{key}={path}: the home folder that ~ stands for is not known here; give the whole path"
        ) from error


def with_absolute_paths(config: Mapping[str, Any]) -> dict[str, Any]:
    """A plain config whose paths are absolute."""
    changed = dict(config)
    for key in PATHS:
        group, _, name = key.rpartition(".")
        node = changed.get(group) if group else changed
        if not isinstance(node, Mapping) or node.get("_target_") != OF_CLASS.get(group, node.get("_target_")):
            continue
        if node.get(name) is not None:
            made = node | {name: _all_absolute(key, node[name])}  # type: ignore[operator]
            changed = changed | {group: made} if group else made
    return changed


def _all_absolute(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_all_absolute(key, item) for item in value]
    return value if value in WORDS.get(key, ()) else absolute(key, str(value))
