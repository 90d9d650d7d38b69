import mmap
from pathlib import Path

import numpy as np
import pytest

from avqa_lit.data import mapped_file
from avqa_lit.data.mapped_file import MappedFile
from avqa_lit.data.packed_track import PackedTrack


@pytest.fixture
def array(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(7 * 5000, dtype=np.float32).reshape(7, 5000))
    return np.load(tmp_path / "rows.npy", mmap_mode="r")


def test_rows_are_asked_for_by_whole_pages_of_the_map(array):
    file, asked = MappedFile(array), []
    file._map = type("Map", (), {"madvise": lambda self, *advice: asked.append(advice)})()
    file.want(3, 2)
    ((advice, start, length),) = asked
    first = array.ctypes.data + 3 * 20_000 - (array.ctypes.data - 128)  # the header takes 128 bytes
    assert advice == mmap.MADV_WILLNEED
    assert start % mmap.PAGESIZE == 0
    assert start <= first < start + mmap.PAGESIZE
    assert start + length == first + 2 * 20_000


def test_rows_stay_what_they_are(array, monkeypatch):
    monkeypatch.setattr(mapped_file, "_memory_bytes", lambda: 1)
    file, expected = MappedFile(array), np.array(array)
    assert file.is_large
    file.want(0, 7)
    assert np.array_equal(array, expected)
    file.release(0, 7)
    assert np.array_equal(array, expected)


def test_a_file_that_fits_into_memory_is_kept(array):
    assert not MappedFile(array).is_large


def test_of_an_array_in_memory_nothing_is_told():
    file = MappedFile(np.zeros((3, 2)))
    file.want(0, 3)
    file.release(0, 3)


def resident():
    """Bytes of files that this process holds in memory."""
    with Path("/proc/self/smaps_rollup").open() as lines:
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def test_a_store_of_40_gigabytes_is_read_in_bounded_memory(tmp_path):
    """It is sparse: it takes no room on the disk, but reads as so many zeros."""
    rows, dim = 650_000, 32_768
    header = np.lib.format.open_memmap(tmp_path / "maps.npy", mode="w+", dtype=np.float16, shape=(rows, dim))
    header[-1] = 1
    del header
    assert (tmp_path / "maps.npy").stat().st_size > 40e9
    array = np.load(tmp_path / "maps.npy", mmap_mode="r")
    lengths = np.full(rows // 10, 10)
    track = PackedTrack("visual", array, (), np.arange(len(lengths)) * 10, lengths, "maps", 1.0, 0.0)
    before, generator = resident(), np.random.default_rng(0)
    batch = 16 * 10 * dim * 4
    for _ in range(13):
        entries = generator.integers(len(lengths), size=16)
        track.read_ahead(entries)
        assert track.gather(entries).values.shape == (16, 10, dim)
    assert track.gather(np.array([len(lengths) - 1])).values[0, -1].eq(1).all()
    assert resident() - before < 3 * batch
