"""python -m avqa_lit.evaluate: score a checkpoint, also on other data, or another program's answers."""

from typing import TYPE_CHECKING

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Evaluate

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """Entry point of ``avqa-evaluate``."""
    run_command(task, name="evaluate", schema=Evaluate)


def task(cfg: "DictConfig") -> None:
    """Score the checkpoint or the predictions on a split and leave the run's files."""
    if cfg.predictions is not None:
        from avqa_lit.config.scoring_run import score_predictions

        score_predictions(cfg)
    else:
        from avqa_lit.config.evaluation_run import evaluate

        evaluate(cfg)


if __name__ == "__main__":
    main()
