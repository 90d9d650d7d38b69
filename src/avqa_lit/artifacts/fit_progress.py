"""How far a fit is, as its run's files tell it."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from avqa_lit.artifacts.reading import read_lines
from avqa_lit.artifacts.timing_file import TIMING_ROW
from avqa_lit.errors import DataError


@dataclass(frozen=True)
class Progress:
    """How far the fit of a run is.

    Attributes:
        epoch: epochs done.
        epochs: of how many.
        seconds_left: for the epochs that are missing, None while the first one runs.
    """

    epoch: int
    epochs: int
    seconds_left: float | None


def read_progress(timing: Path, *, since: float, now: float) -> Progress | None:
    """Progress as a run's timing.jsonl tells it, None before the fit begins, or where the file is torn.

    Args:
        timing: the file, which is appended to while we read.
        since: wall-clock time at which the job was started; an older file is of an earlier attempt.
        now: wall-clock time.
    """
    try:
        written = timing.stat().st_mtime
        if written < since:
            return None
        # The last line may be half written.
        lines = [line for _, line in read_lines(timing) if line.endswith(b"\n")]
        rows = [TIMING_ROW.validate_json(line) for line in lines]
    except (OSError, DataError, ValidationError):
        return None
    if not rows:
        return None
    # A fit begins, or goes on after a resume, with a row at zero seconds.
    began = max((index for index, row in enumerate(rows) if row.seconds == 0), default=0)
    first, last = rows[began], rows[-1]
    done = last.epoch - first.epoch
    left = max(0.0, last.seconds / done * (last.epochs - last.epoch) - (now - written)) if done > 0 else None
    return Progress(last.epoch, last.epochs, left)
