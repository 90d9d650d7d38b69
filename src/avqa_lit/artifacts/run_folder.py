"""The files that every run leaves behind, whatever its logger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from avqa_lit.artifacts.atomic import replacing, write_json, writing
from avqa_lit.artifacts.json_files import read_json, read_json_lines, typed
from avqa_lit.artifacts.json_text import json_text
from avqa_lit.artifacts.predictions import PREDICTION, Prediction
from avqa_lit.artifacts.results import RESULTS, SCHEMA, Results
from avqa_lit.artifacts.yaml_files import read_yaml
from avqa_lit.errors import DataError
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

REMEDY = "delete the folder or run it again"
_OBJECT = TypeAdapter(dict[str, Any])


@dataclass(frozen=True)
class RunFolder:
    """Names, writes and reads the files of one run.

    Attributes:
        path: the run's folder; made when the first file is written.
    """

    path: Path

    @property
    def config(self) -> Path:
        """Resolved config in plain YAML."""
        return self.path / "config.yaml"

    @property
    def results(self) -> Path:
        """State, metrics, counts and provenance in one JSON object."""
        return self.path / "results.json"

    @property
    def metrics(self) -> Path:
        """One JSON object for each logged step, without clock times."""
        return self.path / "metrics.jsonl"

    @property
    def timing(self) -> Path:
        """One JSON object for each epoch: `epoch`, `epochs`, `step` and `seconds` since the fit began."""
        return self.path / "timing.jsonl"

    @property
    def profile(self) -> Path:
        """Where the fit spent its time, if a profiler was asked for."""
        return self.path / "profile.txt"

    @property
    def logs(self) -> tuple[Path, ...]:
        """What a run appends to while it trains."""
        return self.metrics, self.timing

    @property
    def best(self) -> Path:
        """Checkpoint of the best epoch on val."""
        return self.path / "checkpoints" / "best.ckpt"

    @property
    def last(self) -> Path:
        """Checkpoint from which the run goes on."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def previous(self) -> Path:
        """The ``last.ckpt`` before the present one, for the case that the present one is damaged."""
        return self.path / "checkpoints" / "previous.ckpt"

    @property
    def lock(self) -> Path:
        """Held by the process that writes here."""
        return self.path / ".lock"

    def is_held(self) -> bool:
        """Whether a process, this one or another, writes here now."""
        from avqa_lit.artifacts.locks import is_held

        return is_held(self.lock)

    def holds_work(self) -> bool:
        """Whether a run left something here that took it time to make."""
        return any(self.path.glob("checkpoints/*.ckpt")) or any(
            file.is_file() and file.stat().st_size > 0
            for file in (self.metrics, *self.path.glob("predictions*.jsonl"))
        )

    def predictions(self, split: str) -> Path:
        """Predictions in annotation order; the test split has the plain name."""
        return self.path / ("predictions.jsonl" if split == "test" else f"predictions_{split}.jsonl")

    def attention(self, split: str) -> Path:
        """Where the model looked and listened, if a run was asked to keep it."""
        return self.path / ("attention.npz" if split == "test" else f"attention_{split}.npz")

    def write_results(self, results: Results) -> None:
        """Write results.json, whole or not at all."""
        write_json(self.results, results.to_plain())

    def write_predictions(self, split: str, rows: Iterable[Prediction]) -> None:
        """Write one JSON object a question, whole or not at all."""
        with replacing(self.predictions(split)) as temporary, temporary.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json_text(row) + "\n")


@dataclass(frozen=True)
class Run:
    """One run as its files tell it, for reports."""

    folder: RunFolder
    results: Results

    @cached_property
    def config(self) -> dict[str, Any]:
        """Resolved config; empty where the run failed before it was written.

        Raises:
            DataError: a file that is no plain YAML.
        """
        return read_config(self.folder)

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories of its questions; MUSIC-AVQA's where the file is older than the entry."""
        return self.results.taxonomy or MUSIC_AVQA

    @cached_property
    def metrics(self) -> list[dict[str, Any]]:
        """Logged steps in order; empty where none was logged."""
        return read_jsonl(self.folder.metrics) if self.folder.metrics.exists() else []

    def predictions(self, split: str = "test") -> list[Prediction]:
        """Predictions in annotation order; empty where the run made none.

        Raises:
            DataError: a line that is no prediction, by its number.
        """
        path = self.folder.predictions(split)
        return list(read_json_lines(path, PREDICTION, remedy="run the test again")) if path.exists() else []


def append_jsonl(path: Path, row: Mapping[str, Any]) -> None:
    """Add one JSON object to a file with one a line."""
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json_text(row) + "\n")


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Objects of a file with one JSON object a line.

    Raises:
        DataError: a line that is no JSON object, by file and line.
    """
    return list(read_json_lines(path, _OBJECT, remedy=REMEDY))


def read_config(folder: RunFolder) -> dict[str, Any]:
    """Resolved config of a run; empty where it was not written.

    Raises:
        DataError: a file that is no plain YAML.
    """
    return read_yaml(folder.config, remedy=REMEDY) if folder.config.exists() else {}


def read_run(path: Path) -> Run:
    """Run whose folder is `path`.

    Raises:
        DataError: no results.json there, one of another schema, or one with an entry of the wrong type.
    """
    folder = RunFolder(path)
    if not folder.results.exists():
        raise DataError(f"{path}: expected the folder of a run, which holds results.json; found none")
    return Run(folder, _read_results(folder.results))


def _read_results(path: Path) -> Results:
    content = typed(read_json(path, remedy=REMEDY), _OBJECT, where=str(path), remedy=REMEDY)
    if content.get("schema") != SCHEMA:
        raise DataError(f"{path}: schema {content.get('schema')!r}, expected {SCHEMA}")
    if "taxonomy" in content:
        try:
            content["taxonomy"] = Taxonomy.from_plain(content["taxonomy"])
        except ValueError as error:
            raise DataError(
                f"{path}: the taxonomy cannot be read: {str(error)[:300]}; run it again"
            ) from error
    return typed(content, RESULTS, where=str(path), remedy=REMEDY)
