"""Tells the system which parts of a memory-mapped array are wanted next, and which no more."""

import mmap
import os

import numpy as np


class MappedFile:
    """The file behind an array of `np.load` with a `mmap_mode`; of an array in memory, nothing is told.

    Args:
        array: rows of equal size, one after the other.

    Attributes:
        is_large: whether it takes more than half of this machine's memory. Who reads such a file releases
            its pages after use, so that the process's memory stays as small as its batches.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._map = array.base if isinstance(array.base, mmap.mmap) else None
        self._row_bytes = array.nbytes // max(1, len(array))
        # The map begins at the last granule before the data.
        self._offset = getattr(array, "offset", 0) % mmap.ALLOCATIONGRANULARITY
        self.is_large = array.nbytes > _memory_bytes() / 2

    def want(self, first: int, rows: int) -> None:
        """Let the system read these rows from disk while this process does something else."""
        self._advise("MADV_WILLNEED", first, rows)

    def release(self, first: int, rows: int) -> None:
        """Give up this process's hold on the pages of these rows."""
        self._advise("MADV_DONTNEED", first, rows)

    def _advise(self, advice: str, first: int, rows: int) -> None:
        if self._map is None or not hasattr(mmap, advice):
            return
        start = self._offset + first * self._row_bytes
        aligned = start - start % mmap.PAGESIZE
        self._map.madvise(getattr(mmap, advice), aligned, start - aligned + rows * self._row_bytes)


def _memory_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
