"""The rows of one run's predictions.jsonl."""

from collections.abc import Mapping, Sequence
from typing import Any

Sheet = Sequence[Mapping[str, Any]]
