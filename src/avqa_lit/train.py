"""python -m avqa_lit.train: one run, or a sweep of runs."""

from typing import TYPE_CHECKING

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Train

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """Entry point of ``avqa-train``."""
    run_command(task, name="train", schema=Train, preload=("avqa_lit.config.training_run",))


def task(cfg: "DictConfig") -> None:
    """Fit, choose the epoch on val, test once, and leave the run's files."""
    # Imported here so that --help, and the driver of a sweep, do without torch.
    from avqa_lit.config.training_run import TrainingRun

    TrainingRun.from_config(cfg).run()


if __name__ == "__main__":
    main()
