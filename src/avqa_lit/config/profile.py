"""What a profiler measured, shown and kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import lightning as L

from avqa_lit.artifacts.atomic import write_text
from avqa_lit.artifacts.run_folder import RunFolder


@contextmanager
def profile_told(trainer: L.Trainer, folder: RunFolder) -> Iterator[None]:
    """Write and print the profile of what the block runs, also where it ends with an error.

    Lightning prints it by a log level that hides it among its notes. Without a profiler nothing is done.
    """
    try:
        yield
    finally:
        told = trainer.profiler.summary().strip()  # type: ignore[attr-defined]
        if told and trainer.is_global_zero:
            write_text(folder.profile, f"{told}\n")
            print(told)
