"""How far a fit is, as its run's files tell it."""

import json
from dataclasses import dataclass
from pathlib import Path


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
    """Progress as a run's timing.jsonl tells it, None before the fit begins.

    Args:
        timing: the file, which is appended to while we read.
        since: wall-clock time at which the job was started; an older file is of an earlier attempt.
        now: wall-clock time.
    """
    try:
        written = timing.stat().st_mtime
        if written < since:
            return None
        lines = timing.read_text("utf-8").splitlines(keepends=True)
    except OSError:
        return None
    rows = [json.loads(line) for line in lines if line.endswith("\n")]
    if not rows:
        return None
    # A fit begins, or goes on after a resume, with a row at zero seconds.
    began = max((index for index, row in enumerate(rows) if row["seconds"] == 0), default=0)
    first, last = rows[began], rows[-1]
    epoch, epochs = last["epoch"], last["epochs"]
    done = epoch - first["epoch"]
    left = max(0.0, last["seconds"] / done * (epochs - epoch) - (now - written)) if done > 0 else None
    return Progress(epoch, epochs, left)
