"""What an evaluation leaves and prints, whoever gave the answers."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.attention import write_attention
from avqa_lit.artifacts.provenance import git_commit, peak_memory_bytes, versions
from avqa_lit.artifacts.results import Results, Seconds
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.yaml_files import write_yaml
from avqa_lit.config.run_place import new_folder
from avqa_lit.config.scored_results import with_scores
from avqa_lit.console import PlainConsole
from avqa_lit.metrics.score_table import no_prior_sentence, score_table
from avqa_lit.metrics.split_scores import SplitScores


def new_evaluation(config: dict[str, Any], key: str) -> RunFolder:
    """A new folder below ``runs/evaluate``, named by the time and by what was evaluated.

    Args:
        config: of the evaluation.
        key: names what was evaluated.
    """
    return new_folder(Path(config["paths"]["runs"]).absolute() / "evaluate", key=key)


def write_evaluation(
    folder: RunFolder,
    scores: SplitScores,
    *,
    split: str,
    key: str,
    settings: dict[str, Any],
    results: Results,
    began: float,
) -> RunFolder:
    """Write the files of an evaluation.

    Args:
        folder: where they go.
        scores: of the split.
        split: the split that was evaluated.
        key: names what was evaluated.
        settings: what config.yaml shall say of the origin of the answers.
        results: what is known beside the scores.
        began: monotonic clock when the command began.
    """
    write_yaml(folder.config, settings)
    folder.write_predictions(split, scores.predictions)
    if scores.attention is not None:
        write_attention(folder.attention(split), scores.attention)
    folder.write_results(
        replace(
            with_scores(results, {split: scores}),
            key=key,
            experiment="evaluate",
            versions=versions(),
            git=git_commit(),
            seconds=Seconds(total=round(time.monotonic() - began, 3)),
            peak_memory_bytes=peak_memory_bytes(),
        )
    )
    return folder


def show_scores(scores: SplitScores, *, split: str) -> None:
    """Print the table of a split."""
    console = PlainConsole()
    console.print(score_table(scores.metrics, scores.counts, scores.taxonomy, split=split))
    if scores.no_prior:
        console.print(no_prior_sentence(scores.no_prior), soft_wrap=True)
