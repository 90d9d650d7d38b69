import io
import struct
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from avqa_lit.artifacts.array_files import map_array, read_archive, read_array, read_header
from avqa_lit.errors import DataError

REMEDY = "make it again"


def header(shape, *, descr="<f4", order=False, version=(1, 0)):
    """A .npy header that says anything."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order!r}, 'shape': {shape!r}, }}\n".encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return npy.magic(*version) + length + text


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8", "int8", "int64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(2, 3, 5), (7,), (), (0, 3)])
def test_what_numpy_writes_is_read(tmp_path, dtype, order, shape):
    array = np.asarray(np.random.default_rng(0).integers(0, 9, shape), dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", first=array, second=array + 1)
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy", remedy=REMEDY), array)
    np.testing.assert_array_equal(map_array(tmp_path / "a.npy", remedy=REMEDY), array)
    read = read_archive(tmp_path / "a.npz", remedy=REMEDY)
    np.testing.assert_array_equal(read["first"], array)
    np.testing.assert_array_equal(read["second"], array + 1)
    assert read["first"].dtype == array.dtype


def test_a_header_that_python_2_wrote_is_read(tmp_path):
    content = header((1, 2)).replace(b"(1, 2)", b"(1L,2)") + bytes(8)
    (tmp_path / "a.npy").write_bytes(content)
    assert read_array(tmp_path / "a.npy", remedy=REMEDY).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    "shape", [(2, -4), (-2, -4), (True, 4), (0, 2**70), (2**80, 0), (1,) * 33, "ab", None, 3.5]
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_a_shape_that_no_array_has_is_refused(tmp_path, shape, version):
    (tmp_path / "a.npy").write_bytes(header(shape, version=version) + bytes(64))
    with pytest.raises(DataError, match=r"a.npy: expected an array in .npy format, .* make it again"):
        read_array(tmp_path / "a.npy", remedy=REMEDY)


@pytest.mark.parametrize(
    "descr", ["", "f", "<f3", [], [("a", "<f4")], {"a": 1}, 7, None, "O", "M8", "S4", "<U2"]
)
def test_what_holds_no_numbers_is_refused(tmp_path, descr):
    (tmp_path / "a.npy").write_bytes(header((1, 2), descr=descr) + bytes(64))
    if descr == "f":  # numpy reads this as float32
        assert read_array(tmp_path / "a.npy", remedy=REMEDY).shape == (1, 2)
        return
    with pytest.raises(DataError, match=r"a.npy: expected"):
        read_array(tmp_path / "a.npy", remedy=REMEDY)


@pytest.mark.parametrize(
    "text", [b"(" * 9000, b"-" * 9000 + b"1", b"{'a':" * 900, b"lambda: 1", b"\xff", b""]
)
def test_a_header_that_is_no_literal_is_refused(tmp_path, text):
    (tmp_path / "a.npy").write_bytes(npy.magic(1, 0) + struct.pack("<H", len(text)) + text)
    with pytest.raises(
        DataError, match=r"a.npy: expected an array in .npy format, found what cannot be read"
    ):
        read_header(tmp_path / "a.npy", remedy=REMEDY)


def test_a_header_longer_than_any_is_refused(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy.magic(2, 0) + struct.pack("<I", 2**32 - 1))
    with (tmp_path / "a.npy").open("ab") as file:
        file.truncate(40_000_000_000)
    with pytest.raises(DataError, match=r"found what cannot be read"):
        read_header(tmp_path / "a.npy", remedy=REMEDY)


def test_90_tib_that_a_header_declares_are_never_allocated(tmp_path):
    (tmp_path / "a.npy").write_bytes(header((25_000_000_000, 1000)) + bytes(64))
    for read in (read_header, read_array, map_array):
        with pytest.raises(DataError, match=r"truncated, expected 100000000000000 bytes .*found 64; make it"):
            read(tmp_path / "a.npy", remedy=REMEDY)


def _archive(path, content, *, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a.npy", content)


def test_an_array_of_an_archive_that_declares_90_tib_is_never_allocated(tmp_path):
    _archive(tmp_path / "a.npz", header((25_000_000_000, 1000)) + bytes(64))
    with pytest.raises(DataError, match=r"a.npz, a: truncated, expected 100000000000000 bytes"):
        read_archive(tmp_path / "a.npz", remedy=REMEDY)


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused(tmp_path):
    content = header((50_000_000, 1)) + bytes(200_000_000)
    _archive(tmp_path / "a.npz", content)
    with pytest.raises(
        DataError, match=r"a.npz, a: 200,000,\d+ bytes, which is too many for a file of this size"
    ):
        read_archive(tmp_path / "a.npz", remedy=REMEDY)


def test_a_flipped_bit_in_an_archive_is_found(tmp_path):
    file = io.BytesIO()
    np.savez(file, a=np.arange(1000.0))
    content = bytearray(file.getvalue())
    content[4000] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a.npz: expected arrays in .npz format \(Bad CRC-32"):
        read_archive(tmp_path / "a.npz", remedy=REMEDY)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_numpy_never_uses_is_refused(tmp_path, compression):
    _archive(tmp_path / "a.npz", header((1, 2)) + bytes(8), compression=compression)
    with pytest.raises(DataError, match=r"a.npz, a: compressed in another way than numpy does"):
        read_archive(tmp_path / "a.npz", remedy=REMEDY)


def test_numbers_behind_those_of_the_header_are_refused(tmp_path):
    _archive(tmp_path / "a.npz", header((1, 2)) + bytes(12))
    with pytest.raises(DataError, match=r"a.npz, a: 12 bytes, expected 8 of shape \[1, 2\]"):
        read_archive(tmp_path / "a.npz", remedy=REMEDY)
