import numpy as np
import pytest

from avqa_lit.data.feature_files import Extraction, FeatureArrays
from avqa_lit.data.feature_folder import FeatureFolder
from avqa_lit.errors import ConfigError, DataError


def read_features(path):
    return FeatureFolder(Extraction("e"), path.parent).read(path.stem)


def shape_of(path):
    return FeatureFolder(Extraction("e"), path.parent).shape(path.stem)


@pytest.fixture
def saved(tmp_path):
    def save(array, **options):
        path = tmp_path / "00000093.npy"
        np.save(path, array, **options)
        return path

    return save


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
@pytest.mark.parametrize("shape", [(5, 7), (5, 3, 7), (5, 7, 2, 3), (1, 7)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_saves_is_read(saved, dtype, shape, order):
    array = np.asarray(np.random.default_rng(0).standard_normal(shape), dtype, order=order)
    path = saved(array)
    assert shape_of(path) == shape
    np.testing.assert_array_equal(read_features(path), array)


def test_the_newer_header_is_read(tmp_path):
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ones((2, 3)), version=(2, 0))
    np.testing.assert_array_equal(read_features(path), np.ones((2, 3)))


def test_a_real_clip_is_read(real_data):
    folder = real_data / "real_clip"
    shapes = {path.stem: read_features(path).shape for path in folder.glob("*.npy")}
    assert shapes["vggish"] == (18, 128)
    assert shapes["r2plus1d_18"] == (22, 512)
    assert shapes["clip_vit_b32_fps5"] == (90, 512)


def test_a_truncated_file_is_refused(saved):
    path = saved(np.ones((3, 5), np.float32))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(
        DataError, match=r"00000093.npy: truncated, expected 60 bytes of shape \[3, 5\], found 53"
    ):
        read_features(path)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array at all", b"\x93NUMPY\x01\x00\x04\x00{{{{"])
def test_a_file_that_is_no_array_is_refused(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"a.npy: expected an array in .npy format, found what cannot be read"
    ):
        shape_of(path)


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, np.ones((2, 3)))
    with pytest.raises(DataError, match=r"a.npy: expected an array in .npy format"):
        shape_of(tmp_path / "a.npy")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a.npy: no such feature file"):
        shape_of(tmp_path / "a.npy")


class Explodes:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def test_pickled_objects_are_never_loaded(saved):
    path = saved(np.array([[Explodes()]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"expected numbers, found pickled objects, which are never loaded"):
        read_features(path)


@pytest.mark.parametrize("dtype", ["int64", "complex64", "bool"])
def test_other_numbers_are_refused(saved, dtype):
    with pytest.raises(
        DataError, match=f"expected floating-point numbers, found {dtype}; save it as float32"
    ):
        read_features(saved(np.ones((2, 3), dtype)))


@pytest.mark.parametrize(
    "shape, message",
    [
        ((7,), r"shape \[7\], expected .*a single row is saved as \[1, 7\]: look for a squeeze"),
        ((), r"shape \[\], expected \[rows, D\], \[rows, patches, D\] or \[rows, D, height, width\]"),
        ((2, 3, 1, 1, 1), r"shape \[2, 3, 1, 1, 1\], expected \[rows, D\]"),
        ((0, 7), r"shape \[0, 7\] holds no values, expected at least one row"),
        ((7, 0), r"shape \[7, 0\] holds no values"),
    ],
)
def test_a_shape_that_is_no_sequence_of_rows_is_refused(saved, shape, message):
    with pytest.raises(DataError, match=message):
        shape_of(saved(np.ones(shape)))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_time_moves_forward(seconds):
    with pytest.raises(ConfigError, match=f"seconds_per_row={seconds} of vggish: expected more than 0"):
        Extraction("vggish", seconds_per_row=seconds)


@pytest.mark.parametrize("stride", [0, -6])
def test_a_stride_of_no_rows_is_refused(stride):
    with pytest.raises(ConfigError, match=rf"stride={stride} of vggish: expected 1 \(every row\) or more"):
        Extraction("vggish", stride=stride)


def test_a_folder_and_arrays_are_sources_alike(tmp_path):
    array = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "v.npy", array)
    folder = FeatureFolder(Extraction("e"), tmp_path)
    arrays = FeatureArrays(Extraction("e"), {"v": array})
    assert folder.shape("v") == arrays.shape("v") == (2, 3)
    np.testing.assert_array_equal(folder.read("v"), arrays.read("v"))
    assert folder.where("v") == str(tmp_path / "v.npy")
    assert arrays.where("v") == "e features of 'v'"
