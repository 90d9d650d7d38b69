import subprocess
import sys

import numpy as np
import pytest

from avqa_lit.data.hashing import HashingEncoder

INSTRUMENTS = (
    "piano",
    "violin",
    "cello",
    "flute",
    "tuba",
    "erhu",
    "banjo",
    "drum",
    "pipa",
    "suona",
    "guzheng",
)


def test_encodings_have_length_one():
    encoded = HashingEncoder(dim=61).encode(["Is it?", "Where is the performance?"])
    assert encoded.shape == (2, 61)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(encoded, axis=1), 1, rtol=1e-6)


def test_a_text_is_encoded_alike_in_any_company_and_case():
    encoder = HashingEncoder()
    alone = encoder.encode(["Is it loud?"])[0]
    np.testing.assert_array_equal(encoder.encode(["Where?", "is IT loud"])[1], alone)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Is the piano louder than the violin?", "Is the violin louder than the piano?"),
        ("left of saxophone", "saxophone left of"),
    ],
)
def test_order_matters(one, other):
    first, second = HashingEncoder().encode([one, other])
    assert first @ second < 0.85


def test_a_linear_layer_reads_which_word_stands_where():
    """Least squares on half of the ordered pairs names the first instrument of the other half."""
    pairs = [(a, b) for a in INSTRUMENTS for b in INSTRUMENTS if a != b]
    encoded = HashingEncoder().encode([f"Is the {a} louder than the {b}?" for a, b in pairs])
    first = np.array([INSTRUMENTS.index(a) for a, _ in pairs])
    train = np.random.default_rng(0).permutation(len(pairs)) < len(pairs) // 2
    weights = np.linalg.lstsq(encoded[train], np.eye(len(INSTRUMENTS))[first[train]], rcond=None)[0]
    assert ((encoded[~train] @ weights).argmax(axis=1) == first[~train]).all()


def test_a_text_without_words_is_still_encoded():
    assert np.isfinite(HashingEncoder().encode(["?", ""])).all()
    assert HashingEncoder(dim=5).encode([]).shape == (0, 5)
    assert [one.shape for one in HashingEncoder(dim=5).encode_tokens(["?", "Is it"])] == [(0, 5), (2, 5)]
    assert HashingEncoder(dim=5).encode_tokens([]) == []


def test_each_word_has_a_vector_of_its_own_that_knows_its_place():
    encoder = HashingEncoder()
    first, second = encoder.encode_tokens(["Is the drum loud?", "IS the loud drum"])
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(first[:2], second[:2])
    assert first[2] @ first[1] < 0.2
    assert 0.2 < first[2] @ second[3] < 0.5  # the same word at another place: one feature of three


def test_the_name_tells_widths_apart():
    assert HashingEncoder(dim=5).name != HashingEncoder(dim=7).name


def test_a_width_below_one_is_refused():
    with pytest.raises(ValueError, match="dim is 0, expected at least 1"):
        HashingEncoder(dim=0)


@pytest.mark.slow
def test_every_process_encodes_alike():
    command = (
        "from avqa_lit.data.hashing import HashingEncoder; import sys;"
        "sys.stdout.buffer.write(HashingEncoder(dim=13).encode(['Is it loud?']).tobytes())"
    )
    found = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True).stdout
    assert found == HashingEncoder(dim=13).encode(["Is it loud?"]).tobytes()
