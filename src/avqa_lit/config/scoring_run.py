"""Scores of other programs' answers, with the same tables as a checkpoint's."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avqa_lit.artifacts.results import DataFacts, Results
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.answer_files import answer_files, short_names
from avqa_lit.config.evaluation_folder import new_evaluation, show_scores, write_evaluation
from avqa_lit.config.keys import config_key
from avqa_lit.config.leaderboard_table import show_leaderboard
from avqa_lit.config.resolve import require_videos, resolved_evaluation
from avqa_lit.config.run_data import build_source
from avqa_lit.config.scored_file import ScoredFile, score_file
from avqa_lit.console import print_plain
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_file import UnknownFormError
from avqa_lit.data.answer_spelling import Spelling
from avqa_lit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def score_predictions(cfg: "DictConfig") -> Path | None:
    """Score the answers in one or more files on one split, print the tables and leave a run folder for each.

    The annotations are enough; no feature is read. Nothing is written before every file is scored.

    Returns:
        The folder that holds the run folders of several files, the best first; None for one file.

    Raises:
        ConfigError: no data to score on, or keys that need a model.
        DataError: a file that cannot be read, does not cover the split, contradicts it or itself, or holds
            no answer that is known.
    """
    began = time.monotonic()
    config = resolved_evaluation(cfg)
    _check_keys(config)
    spelling = Spelling(config["answers"]["aliases"] or {}, config["answers"]["normalise"] or ())
    files = answer_files(config["predictions"])
    cache = Path(config["paths"]["cache"]).expanduser()
    data: Annotated = build_source(config["data"]).annotated(config["split"], cache=cache)
    scored = _scored(files, data, spelling, may_skip=isinstance(config["predictions"], str))
    names = dict(
        zip((file.path for file in scored), short_names([file.path for file in scored]), strict=True)
    )
    if len(scored) == 1:
        folder = _write(config, scored[0], data, names[scored[0].path], began)
        show_scores(scored[0].scores, split=config["split"])
        print_plain(folder.path)
        return None
    scored.sort(key=lambda file: -file.scores.metrics[f"{data.split}/acc/overall"])
    key = config_key(config | {"predictions": sorted(file.sha256 for file in scored)})
    together = new_evaluation(config, key).path
    for rank, file in enumerate(scored, start=1):
        place = RunFolder(together / f"{rank:03d}_{file.path.name}")
        _write(config, file, data, names[file.path], began, folder=place)
    show_leaderboard({names[file.path]: file.scores for file in scored}, split=data.split)
    print_plain(together)
    return together


def _scored(files: list[Path], data: Annotated, spelling: Spelling, *, may_skip: bool) -> list[ScoredFile]:
    """The files' scores; in a folder, a file in no known form is told and left out."""
    scored = []
    for path in files:
        try:
            scored.append(score_file(path, data, spelling))
        except UnknownFormError as error:
            if not (may_skip and len(files) > 1):
                raise
            print_plain(f"{path.name} is left out, since it is no file of answers: {error}")
    if not scored:
        raise DataError(f"predictions={files[0].parent}: none of its {len(files)} files holds answers")
    return scored


def _write(
    config: dict[str, Any],
    scored: ScoredFile,
    data: Annotated,
    name: str,
    began: float,
    *,
    folder: RunFolder | None = None,
) -> RunFolder:
    key = config_key(config | {"predictions": scored.sha256})
    train = {} if data.train is None else {"train": len(data.train)}
    return write_evaluation(
        folder or new_evaluation(config, key),
        scored.scores,
        split=data.split,
        key=key,
        settings={"predictions": scored.path.name, "data": config["data"], "split": config["split"]},
        results=Results(
            state="finished",
            predictions=scored.facts(name),
            unknown_answers={data.split: scored.known.unknown_total},
            dropped_questions={data.split: data.dropped},
            data=DataFacts(
                store=str(data.where),
                checksum=data.checksum,
                questions=train | {data.split: len(data.asked)},
            ),
        ),
        began=began,
    )


def _check_keys(config: dict[str, Any]) -> None:
    for key, nothing in (("checkpoint", None), ("model", None), ("drop", None), ("attention", False)):
        if config[key] != nothing:
            raise ConfigError(
                f"{key}={config[key]} together with predictions={config['predictions']}: given answers need "
                "no model; leave out one of the two"
            )
    if "_target_" not in config["data"]:
        raise ConfigError(
            f"predictions={config['predictions']}: say which questions it answers, with data=music_avqa "
            "data.raw=DIR or the like; annotations are enough, features are not needed"
        )
    require_videos(config["data"])
