import numpy as np
import pytest

from avqa_lit.artifacts.attention import Attention, TrackAttention, read_attention, write_attention
from avqa_lit.errors import DataError


@pytest.fixture
def attention():
    return Attention(
        np.array([2, 3, 11]),
        {
            "audio": TrackAttention(np.full((3, 5), 0.125, np.float16), np.arange(5, dtype=np.float32)),
            "visual": TrackAttention(np.full((3, 7), np.nan, np.float16), np.arange(7, dtype=np.float32) / 2),
        },
    )


@pytest.fixture
def arrays(attention, tmp_path):
    """The arrays of the file by their names."""
    write_attention(tmp_path / "whole.npz", attention)
    with np.load(tmp_path / "whole.npz") as file:
        return dict(file)


def test_what_is_written_is_read(attention, tmp_path):
    write_attention(tmp_path / "attention.npz", attention)
    read = read_attention(tmp_path / "attention.npz")
    np.testing.assert_array_equal(read.row, attention.row)
    assert read.tracks.keys() == attention.tracks.keys()
    for name, track in attention.tracks.items():
        for found, written in (
            (read.tracks[name].shares, track.shares),
            (read.tracks[name].seconds, track.seconds),
        ):
            np.testing.assert_array_equal(found, written)
            assert found.dtype == written.dtype


def test_the_arrays_of_a_file_bear_the_names_of_the_tracks(arrays):
    assert set(arrays) == {"row", "audio", "audio_seconds", "visual", "visual_seconds"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"\x80\x04N."])
def test_a_file_that_is_not_whole_is_refused(tmp_path, content):
    (tmp_path / "attention.npz").write_bytes(content)
    with pytest.raises(
        DataError, match=r"attention.npz: expected arrays in .npz format .*with attention=true"
    ):
        read_attention(tmp_path / "attention.npz")


def test_pickled_arrays_are_refused(tmp_path, arrays):
    path = tmp_path / "attention.npz"
    np.savez(path, **arrays | {"audio": np.array([{}], dtype=object)})
    with pytest.raises(DataError, match=r"attention.npz, audio: expected numbers, found pickled objects"):
        read_attention(path)


@pytest.mark.parametrize(
    "change",
    [
        {"row": np.array([2.0, 3.0, 11.0])},
        {"row": np.array([2, 3])},
        {"audio": np.full((3, 4), 0.125, np.float16)},
        {"audio": np.full((3, 5), np.inf, np.float16)},
        {"audio": np.full((3, 5, 1), 0.125, np.float16)},
        {"audio": np.array([[0.5, np.nan, 0.5, 0, 0]] * 3, np.float16)},
        {"audio_seconds": np.zeros(5, np.float32)},
        {"visual_seconds": np.array([0, 1, 2, 3, 4, 5, np.nan], np.float32)},
        {"patches": np.full((3, 5), 0.125, np.float16)},
        {"patches_seconds": np.arange(5, dtype=np.float32)},
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(tmp_path, arrays, change):
    path = tmp_path / "attention.npz"
    np.savez(path, **arrays | change)
    with pytest.raises(DataError, match=r"expected shares of attention of every question at rising times"):
        read_attention(path)
