"""python -m avqa_lit.predict: one's own question about one video."""

import sys
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import Quote, QuotedString

from avqa_lit.config.command import run_command
from avqa_lit.config.schema import Predict

if TYPE_CHECKING:
    from omegaconf import DictConfig

# What is free text on the command line, and the key that it goes to: `question` is a group of configs.
FREE_TEXT = {"question": "ask", "video_id": "video_id"}


def main() -> None:
    """Entry point of ``avqa-predict``."""
    sys.argv[1:] = map(quoted, sys.argv[1:])
    run_command(task, name="predict", schema=Predict)


def quoted(argument: str) -> str:
    """An argument whose free text Hydra takes as it stands, with all its commas and brackets.

    Example:
        >>> quoted("question=Is it loud, or not?"), quoted("video_id=007"), quoted("display=false")
        ("ask='Is it loud, or not?'", "video_id='007'", 'display=false')
    """
    key, equals, text = argument.partition("=")
    if not equals or key not in FREE_TEXT:
        return argument
    in_quotes = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    value = text if in_quotes else QuotedString(text, Quote.single).with_quotes()
    return f"{FREE_TEXT[key]}={value}"


def task(cfg: "DictConfig") -> None:
    """Answer the question and show where the model looked and listened."""
    from avqa_lit.config.prediction_run import predict

    predict(cfg)


if __name__ == "__main__":
    main()
