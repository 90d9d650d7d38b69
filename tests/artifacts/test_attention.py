import numpy as np
import pytest

from avqa_lit.artifacts.attention import Attention, read_attention, write_attention
from avqa_lit.errors import DataError


@pytest.fixture
def attention():
    return Attention(
        row=np.array([2, 3, 11]),
        audio=np.full((3, 5), 0.125, np.float16),
        visual=np.full((3, 7), np.nan, np.float16),
        audio_seconds=np.arange(5, dtype=np.float32),
        visual_seconds=np.arange(7, dtype=np.float32) / 2,
    )


def test_what_is_written_is_read(attention, tmp_path):
    write_attention(tmp_path / "attention.npz", attention)
    read = read_attention(tmp_path / "attention.npz")
    for name in vars(attention):
        np.testing.assert_array_equal(getattr(read, name), getattr(attention, name))
        assert getattr(read, name).dtype == getattr(attention, name).dtype


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"\x80\x04N."])
def test_a_file_that_is_not_whole_is_refused(tmp_path, content):
    (tmp_path / "attention.npz").write_bytes(content)
    with pytest.raises(
        DataError, match=r"attention.npz: expected arrays in .npz format .*with attention=true"
    ):
        read_attention(tmp_path / "attention.npz")


def test_pickled_arrays_are_refused(tmp_path, attention):
    path = tmp_path / "attention.npz"
    np.savez(path, **vars(attention) | {"audio": np.array([{}], dtype=object)})
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
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(tmp_path, attention, change):
    path = tmp_path / "attention.npz"
    np.savez(path, **vars(attention) | change)
    with pytest.raises(DataError, match=r"expected shares of attention of every question at rising times"):
        read_attention(path)
