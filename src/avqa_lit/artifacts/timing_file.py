"""Clock times of a run's fits, one row an epoch: timing.jsonl."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import FiniteFloat, TypeAdapter

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.artifacts.json_files import read_json_lines
from avqa_lit.artifacts.json_text import json_text
from avqa_lit.artifacts.results import Count
from avqa_lit.artifacts.run_folder import REMEDY, append_jsonl


@dataclass(frozen=True, kw_only=True)
class TimingRow:
    """How far a fit was at one moment.

    Attributes:
        epoch: epochs that were done.
        epochs: of how many.
        step: optimizer steps that were done.
        seconds: since the fit began; a fit that goes on after an end begins at zero again.
    """

    epoch: Count
    epochs: int
    step: Count
    seconds: FiniteFloat


TIMING_ROW: TypeAdapter[TimingRow] = TypeAdapter(TimingRow)


def append_timing(path: Path, row: TimingRow) -> None:
    """Add a row to the file."""
    append_jsonl(path, asdict(row))


def write_timing(path: Path, rows: Iterable[TimingRow]) -> None:
    """Write the whole file anew, or leave it as it is."""
    write_text(path, "".join(json_text(asdict(row)) + "\n" for row in rows))


def read_timing(path: Path) -> list[TimingRow]:
    """Rows of the file in order.

    Raises:
        DataError: a line that is no such row, by its number.
    """
    return list(read_json_lines(path, TIMING_ROW, remedy=REMEDY))
