"""python -m avqa_lit.evaluate: score a checkpoint, also on other data, or other programs' answers."""

from pathlib import Path
from typing import TYPE_CHECKING

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Evaluate
from avqa_lit.console import print_plain
from avqa_lit.errors import MissingExtraError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """Entry point of ``avqa-evaluate``."""
    run_command(task, name="evaluate", schema=Evaluate)


def task(cfg: "DictConfig") -> None:
    """Score the checkpoint or the predictions on a split and leave the run's files."""
    if cfg.predictions is not None:
        from avqa_lit.config.scoring_run import score_predictions

        folder = score_predictions(cfg)
        if folder is not None:
            _report(folder, split=cfg.split)
    else:
        from avqa_lit.config.evaluation_run import evaluate

        evaluate(cfg)


def _report(folder: Path, *, split: str) -> None:
    """Write the leaderboard as a page, and its tables as Markdown, CSV and LaTeX."""
    from avqa_lit.report.build import write_report

    if split != "test":
        print_plain("no report: it compares scores of the test split alone")
        return
    try:
        report = write_report([folder], folder / "leaderboard.html", tables=folder / "tables")
    except MissingExtraError as error:
        print_plain(f"no report: {error}")
        return
    print_plain(f"leaderboard: {report.html}, {report.markdown}, and as LaTeX in {folder / 'tables'}")


if __name__ == "__main__":
    main()
