"""CPU time of `python -m avqa_lit.train --help`."""

import json
import resource
import subprocess
import sys

from benchmarks._timing import ROUNDS, spread


def measure() -> dict[str, object]:
    """Seconds of CPU, of the program and of the system for it."""
    return {"target": 1.0, "seconds": spread([_seconds() for _ in range(ROUNDS)])}


def _seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run((sys.executable, "-m", "avqa_lit.train", "--help"), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
