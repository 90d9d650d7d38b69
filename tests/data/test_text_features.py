import subprocess

import numpy as np
import pytest

from avqa_lit.data.text_features import text_features
from avqa_lit.errors import DataError


class Lengths:
    """Encodes a text as its length, and counts how often it is asked."""

    def __init__(self, name="lengths"):
        self.name = name
        self.calls = 0

    def encode(self, texts):
        self.calls += 1
        return np.array([[len(text), 1] for text in texts], np.float64)


def test_texts_are_encoded_once(tmp_path):
    encoder = Lengths()
    first = text_features(tmp_path, ["a", "bcd"], encoder)
    again = text_features(tmp_path, ["a", "bcd"], encoder)
    assert first.tolist() == again.tolist() == [[1, 1], [3, 1]]
    assert first.dtype == np.float32
    assert encoder.calls == 1


def test_encoders_have_a_file_each(tmp_path):
    text_features(tmp_path, ["a"], Lengths("one"))
    text_features(tmp_path, ["a"], Lengths("two"))
    assert sorted(path.name for path in tmp_path.glob("*.npy")) == ["text_one.npy", "text_two.npy"]


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / ".text_lengths.npy.lock").mkdir()
    assert text_features(tmp_path, ["a"], Lengths()).tolist() == [[1, 1]]
    assert not (tmp_path / "text_lengths.npy").exists()


@pytest.mark.parametrize("found", [np.ones((3, 2)), np.ones(2), np.full((2, 2), np.nan)])
def test_an_encoder_that_gives_something_else_is_refused(tmp_path, found):
    encoder = Lengths()
    encoder.encode = lambda texts: found
    with pytest.raises(
        DataError, match=r"question encoder lengths: found features .*one finite vector.*2 texts"
    ):
        text_features(tmp_path, ["a", "b"], encoder)
    assert not list(tmp_path.glob("*.npy"))


def test_a_cache_of_other_texts_is_refused(tmp_path):
    text_features(tmp_path, ["a"], Lengths())
    with pytest.raises(
        DataError, match=r"text_lengths.npy: found features of shape \[1, 2\].*delete this file"
    ):
        text_features(tmp_path, ["a", "b"], Lengths())


def _flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [_flip, lambda path: path.write_bytes(b""), lambda path: path.with_name(f"{path.name}.sha256").unlink()],
)
def test_damaged_features_are_never_used_and_encoded_again(tmp_path, damage, caplog):
    encoder = Lengths()
    text_features(tmp_path, ["a", "bcd"], encoder)
    damage(tmp_path / "text_lengths.npy")
    for _ in range(2):
        assert text_features(tmp_path, ["a", "bcd"], encoder).tolist() == [[1, 1], [3, 1]]
    assert encoder.calls == 2
    assert caplog.text.count("text_lengths.npy: damaged, or without its checksum; its texts are enc") == 1


def test_sha256sum_checks_cached_features(tmp_path):
    text_features(tmp_path, ["a"], Lengths())
    told = subprocess.run(
        ["sha256sum", "--check", "text_lengths.npy.sha256"], cwd=tmp_path, capture_output=True, text=True
    )
    assert told.stdout == "text_lengths.npy: OK\n"


def test_a_name_that_leaves_the_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"question encoder '../bert': its name names a file"):
        text_features(tmp_path, ["a"], Lengths("../bert"))
