"""How a job ended, by what it left and not by its exit status alone.

Lightning ends with status 0 after SIGTERM, so status 0 proves nothing.
"""

import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.errors import DataError


def finished_results(folder: Path, *, key: str, checksum: str | None = None) -> Results | None:
    """Results of a run that finished with this config on this store; None where there is no such run.

    Args:
        folder: the run's folder.
        key: key of the config.
        checksum: of the store as it is now; None if it is not known, which any run agrees with.
    """
    return _results(folder, state="finished", key=key, checksum=checksum)


def why_diverged(folder: Path, *, key: str, checksum: str | None = None) -> str | None:
    """Reason of a run that diverged with this config on this store; None where there is no such run.

    The same run would diverge again. The arguments are those of `finished_results`.
    """
    results = _results(folder, state="diverged", key=key, checksum=checksum)
    return None if results is None else results.reason or "no reason recorded"


def has_ended(folder: Path, *, key: str) -> bool:
    """Whether a run with this config finished or diverged, so that there is nothing to go on with."""
    return finished_results(folder, key=key) is not None or why_diverged(folder, key=key) is not None


def _results(folder: Path, *, state: str, key: str, checksum: str | None) -> Results | None:
    try:
        results = read_run(folder).results
    except DataError:
        return None
    stands = results.state == state and results.key == key
    same_data = checksum is None or results.data.checksum == checksum
    return results if stands and same_data else None


def failure(
    folder: Path, *, key: str, status: int, last_lines: Sequence[str], has_results: bool = True
) -> tuple[str, str]:
    """State and reason of a job that left no finished results: failed, interrupted or diverged.

    Args:
        folder: the run's folder.
        key: key of its config.
        status: exit status, negative for a signal.
        last_lines: end of the job's log.
        has_results: whether this attempt wrote the results that lie in the folder.
    """
    left: Results | None = None
    if has_results:
        reason = why_diverged(folder, key=key)
        if reason is not None:
            return "diverged", reason
        with suppress(DataError):
            left = read_run(folder).results
    state = None if left is None else left.state
    if status < 0:
        cause = f"killed by {signal.Signals(-status).name}"
        if status == -signal.SIGKILL:
            cause += ", perhaps for want of memory"
    elif left is not None and state == "finished" and left.key != key:
        cause = (
            f"ran with the config {left.key}, expected {key}: a config file or a default has changed "
            "since the sweep began; start it again"
        )
    elif status == 0:
        cause = f"exit status 0, but its results.json says {state or 'nothing'}, expected finished"
    else:
        cause = f"exit status {status}"
    if left is not None and left.reason:
        cause += ": " + left.reason.partition("\n")[0]
    return "interrupted" if state == "interrupted" else "failed", "\n".join([cause, *last_lines])
