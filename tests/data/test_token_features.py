import numpy as np
import pytest

from avqa_lit.data.token_features import TokenFeatures, kept_tokens, token_features
from avqa_lit.errors import DataError

TEXTS = ("a bc", "", "def")


class Letters:
    """Encodes a word as its length and its first letter, and counts how often it is asked."""

    def __init__(self, name="letters"):
        self.name = name
        self.calls = 0

    def encode_tokens(self, texts):
        self.calls += 1
        words = [[[len(word), ord(word[0])] for word in text.split()] for text in texts]
        return [np.array(one, np.float64).reshape(-1, 2) for one in words]


def test_words_are_gathered_with_padding_behind_them():
    features = TokenFeatures(np.arange(10, dtype=np.float32).reshape(5, 2) + 1, np.array([2, 0, 3]))
    values, mask = features.gather(np.array([2, 1, 0, 2]))
    expected = np.zeros((4, 3, 2), np.float32)
    expected[0] = expected[3] = [[5, 6], [7, 8], [9, 10]]
    expected[2, :2] = [[1, 2], [3, 4]]
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(mask, expected[..., 0] > 0)


def test_of_texts_without_words_one_place_of_padding_is_left():
    values, mask = TokenFeatures(np.zeros((0, 2), np.float32), np.array([0])).gather(np.array([0, 0]))
    assert values.shape == (2, 1, 2)
    assert not mask.any()


def test_texts_may_share_their_rows():
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    values, mask = TokenFeatures(rows, np.array([2, 1, 2]), np.array([0, 2, 0])).gather(np.arange(3))
    np.testing.assert_array_equal(values[0], values[2])
    assert values[1].tolist() == [[4, 5], [0, 0]]
    assert mask.tolist() == [[True, True], [True, False], [True, True]]


def test_a_cache_whose_rows_lie_beyond_the_end_is_refused(tmp_path):
    files = [tmp_path / f"{name}.npy" for name in ("tokens", "lengths", "first_rows")]
    made = TokenFeatures(np.ones((3, 2), np.float32), np.array([2, 2]), np.array([0, 2]))
    with pytest.raises(DataError, match=r"tokens.npy: found vectors of shape \[3, 2\] for 2 texts"):
        kept_tokens(files, make=lambda: made, texts=2)


def test_words_are_encoded_once(tmp_path):
    encoder = Letters()
    first = token_features(tmp_path, TEXTS, encoder)
    again = token_features(tmp_path, TEXTS, encoder)
    for features in (first, again):
        assert features.rows.tolist() == [[1, 97], [2, 98], [3, 100]]
        assert features.lengths.tolist() == [2, 0, 1]
    assert first.rows.dtype == np.float32
    assert encoder.calls == 1


def test_what_a_killed_process_left_is_made_again(tmp_path):
    token_features(tmp_path, TEXTS, Letters())
    (tmp_path / "tokens_letters.npy").unlink()  # written last
    assert token_features(tmp_path, TEXTS, Letters()).lengths.tolist() == [2, 0, 1]


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / ".tokens_letters.npy.lock").mkdir()
    encoder = Letters()
    assert token_features(tmp_path, TEXTS, encoder).lengths.tolist() == [2, 0, 1]
    assert not list(tmp_path.glob("*.npy"))


def test_a_full_disk_does_not_encode_twice(tmp_path, monkeypatch):
    encoder = Letters()
    monkeypatch.setattr("avqa_lit.data.token_features.save", _full_disk)
    assert token_features(tmp_path, TEXTS, encoder).lengths.tolist() == [2, 0, 1]
    assert encoder.calls == 1


def _full_disk(path, array):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([np.ones((1, 2))], r"gives 1 arrays for 3 texts"),
        (
            [np.ones((1, 2)), np.ones((0, 3)), np.ones((1, 2))],
            r"encode_tokens\(''\) .* \[0, 3\].* 2 wide, as",
        ),
        ([np.full((1, 2), np.nan)] * 3, r"encode_tokens\('a bc'\) .*finite vectors"),
        ([np.ones(2)] * 3, r"shape \[2\]"),
    ],
)
def test_an_encoder_that_gives_something_else_is_refused(tmp_path, found, message):
    encoder = Letters()
    encoder.encode_tokens = lambda texts: found
    with pytest.raises(DataError, match=f"question encoder letters: .*{message}"):
        token_features(tmp_path, TEXTS, encoder)
    assert not list(tmp_path.glob("*.npy"))


def test_a_cache_of_other_texts_is_refused(tmp_path):
    token_features(tmp_path, TEXTS, Letters())
    message = r"shape \[3, 2\] for 3 texts, expected one vector a token for 2 texts"
    with pytest.raises(DataError, match=f"tokens_letters.npy: found vectors .*{message}; delete this file"):
        token_features(tmp_path, TEXTS[:2], Letters())


@pytest.mark.parametrize("name", ["tokens_letters.npy", "token_lengths_letters.npy"])
def test_damaged_vectors_are_never_used_and_encoded_again(tmp_path, name, caplog):
    encoder = Letters()
    first = token_features(tmp_path, TEXTS, encoder)
    expected = np.array(first.rows)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    again = token_features(tmp_path, TEXTS, encoder)
    np.testing.assert_array_equal(again.rows, expected)
    assert again.lengths.tolist() == [2, 0, 1]
    assert encoder.calls == 2
    assert "tokens_letters.npy: damaged, or without its checksum; its texts are encoded again" in caplog.text
