"""Scores of another program's answers, with the same tables as a checkpoint's."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avqa_lit.config.evaluation_folder import leave_evaluation
from avqa_lit.config.keys import config_key
from avqa_lit.config.resolve import require_videos, resolved_evaluation
from avqa_lit.config.run_data import build_source
from avqa_lit.console import print_plain
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.answer_coverage import answers_in_order, shown
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.answer_order import NamedAnswers, named_answers
from avqa_lit.data.answer_spelling import Spelling, SpeltAnswers
from avqa_lit.data.answers_known import AnswersKnown, answers_known
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.metrics.split_scores import SplitScores, score_answers

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class ScoredFile:
    """Answers of one file, read and scored.

    Attributes:
        path: the file.
        named: its answers as text, as they stand there.
        spelt: after aliases and rules.
        known: which of these match an answer of the data.
        scores: on the split.
    """

    path: Path
    named: NamedAnswers
    spelt: SpeltAnswers
    known: AnswersKnown
    scores: SplitScores

    @property
    def facts(self) -> dict[str, Any]:
        """How the file was read, for results.json."""
        order = self.named.order
        return {
            "file": str(self.path.absolute()),
            "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "truth_column": self.named.truth_column,
            "answer_order": None if order is None else {str(number): name for number, name in order.items()},
            "normalised": dict(self.spelt.applied),
        }


def score_predictions(cfg: "DictConfig") -> None:
    """Score the answers in a file on one split, print the table and leave the run's files.

    The annotations are enough; no feature is read.

    Raises:
        ConfigError: no data to score on, or keys that need a model.
        DataError: a file that cannot be read, does not cover the split, contradicts it or itself, or holds
            no answer that is known.
    """
    began = time.monotonic()
    config = resolved_evaluation(cfg)
    _check_keys(config)
    spelling = Spelling(config["answers"]["aliases"], config["answers"]["normalise"] or ())
    cache = Path(config["paths"]["cache"]).expanduser()
    data: Annotated = build_source(config["data"]).annotated(config["split"], cache=cache)
    scored = score_file(Path(config["predictions"]).expanduser(), data, spelling)
    facts = scored.facts
    leave_evaluation(
        config,
        scored.scores,
        key=config_key(config | {"predictions": facts["sha256"]}),
        settings={"predictions": scored.path.name, "data": config["data"], "split": config["split"]},
        results={
            "predictions": facts,
            "seed": None,
            "unknown_answers": {data.split: scored.known.unknown_total},
            "dropped_questions": {data.split: data.dropped},
            "data": {
                "store": str(data.where),
                "checksum": data.checksum,
                "encoders": {},
                "questions": _question_counts(data),
            },
        },
        began=began,
    )


def score_file(path: Path, data: Annotated, spelling: Spelling) -> ScoredFile:
    """Read the answers, say how they were understood, and score them.

    Raises:
        DataError: a file that cannot be read, does not cover the split, contradicts it or itself, or holds
            no answer that is known.
    """
    expected = data.known_answers
    given = spelling.prepare(read_answer_file(path), expected.tokens)
    named = named_answers(path, answers_in_order(path, given, data), data)
    spelt = spelling.read(named.answers, expected.tokens)
    known = answers_known(spelt.answers, expected.tokens)
    remarks = list(named.remarks)
    if spelt.applied:
        told = ", ".join(f"{name} {count:,}" for name, count in spelt.applied.items())
        remarks.append(f"answers matched after normalisation: {told}")
    if known.unknown:
        remarks.append(_unmatched(known, expected.tokens))
    for remark in remarks:
        print_plain(remark)
    if known.unknown_total == known.total:
        raise DataError(
            f"predictions={path}: none of its {known.total:,} answers is known, so nothing is scored: "
            f"{known.examples}; expected answers such as {shown(map(repr, expected.tokens))}; "
            "answers.aliases={GIVEN:KNOWN} and answers.normalise=all read other spellings"
        )
    return ScoredFile(path, named, spelt, known, score_answers(data, spelt.answers))


def _unmatched(known: AnswersKnown, expected: tuple[str, ...]) -> str:
    text = (
        f"{known.unknown_total:,} of {known.total:,} answers match none of the {len(expected)} known ones, "
        f"and count as wrong: {known.examples}; expected answers such as {shown(map(repr, expected))}"
    )
    return text + ("; answers.normalise=all reads other spellings" if known.alike else "")


def _question_counts(data: Annotated) -> dict[str, int]:
    train = {} if data.train is None else {"train": len(data.train)}
    return train | {data.split: len(data.asked)}


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
