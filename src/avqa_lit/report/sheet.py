"""The rows of one run's predictions.jsonl."""

from collections.abc import Sequence

from avqa_lit.artifacts.predictions import Prediction

Sheet = Sequence[Prediction]
