"""python -m avqa_lit.predict: one's own question about one video."""

from typing import TYPE_CHECKING

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Predict

if TYPE_CHECKING:
    from omegaconf import DictConfig

# `question` is a group of configs.
FREE_TEXT = {"question": "ask", "video_id": "video_id"}


def main() -> None:
    """Entry point of ``avqa-predict``."""
    run_command(task, name="predict", schema=Predict, renamed=FREE_TEXT)


def task(cfg: "DictConfig") -> None:
    """Answer the question and show where the model looked and listened."""
    from avqa_lit.config.prediction_run import predict

    predict(cfg)


if __name__ == "__main__":
    main()
