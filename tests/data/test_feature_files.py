import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avqa_lit.data.feature_files import (
    Extraction,
    FeatureArrays,
    FeatureFolder,
    read_features,
    read_header,
    to_stored,
)
from avqa_lit.errors import ConfigError, DataError


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
    assert read_header(path).shape == shape
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
        read_header(path)


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, np.ones((2, 3)))
    with pytest.raises(DataError, match=r"a.npy: expected an array in .npy format"):
        read_header(tmp_path / "a.npy")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a.npy: no such feature file"):
        read_header(tmp_path / "a.npy")


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
        read_header(saved(np.ones(shape)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_by_its_row(bad):
    values = np.ones((5, 2, 3))
    values[3, 1, 2] = bad
    with pytest.raises(
        DataError, match=rf"a.npy: row 3 holds {bad}, expected finite numbers; extract it again"
    ):
        to_stored(values, dtype="float32", where="a.npy")


def test_a_value_too_large_for_the_store_is_an_error():
    values = np.ones((5, 3), np.float32)
    values[2, 1] = -7e4
    with pytest.raises(
        DataError,
        match=r"a.npy: row 2 holds -70000, which float16 cannot hold \(at most 65504\); pack with data.dtype",
    ):
        to_stored(values, dtype="float16", where="a.npy")
    np.testing.assert_array_equal(to_stored(values, dtype="float32", where="a.npy"), values)
    with pytest.raises(
        DataError, match=r"row 0 holds 1e\+300, which float32 cannot hold .*scale the features"
    ):
        to_stored(np.full((1, 1), 1e300), dtype="float32", where="a.npy")


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=4, max_side=5),
        elements=st.floats(-6e4, 6e4).filter(lambda value: value == 0 or abs(value) > 1e-7),
    )
)
@settings(deadline=None)
def test_stored_values_are_the_nearest(values):
    np.testing.assert_array_equal(to_stored(values, dtype="float16", where=""), values.astype(np.float16))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_time_moves_forward(seconds):
    with pytest.raises(ConfigError, match=f"seconds_per_row={seconds} of vggish: expected more than 0"):
        Extraction("vggish", seconds_per_row=seconds)


def test_a_stride_keeps_the_first_of_so_many_rows_and_names_rows_as_they_stand_in_the_file():
    values = np.arange(14.0).reshape(7, 2)
    np.testing.assert_array_equal(to_stored(values, dtype="float16", where="", stride=3), values[[0, 3, 6]])
    values[4] = np.nan  # a row that is left out
    to_stored(values, dtype="float16", where="", stride=3)
    values[6, 1] = np.inf
    with pytest.raises(DataError, match=r"a\.npy: row 6 holds inf"):
        to_stored(values, dtype="float16", where="a.npy", stride=3)


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


@pytest.mark.parametrize("stride", [1, 2])
def test_values_too_small_for_the_store_are_refused_with_their_share(stride):
    values = np.ones((4, 50), np.float32)
    values[:, :2] = 2e-8
    values[:, 2] = 0
    message = (
        r"a.npy: 4% of its nonzero values become zero in float16, which holds nothing between 0 and 6e-08 "
        r"\(the largest is 1\); pack with data.dtype=float32"
    )
    with pytest.raises(DataError, match=message):
        to_stored(values, dtype="float16", where="a.npy", stride=stride)
    np.testing.assert_array_equal(to_stored(values, dtype="float32", where="a.npy"), values)
    with pytest.raises(
        DataError, match=r"100% of its nonzero values become zero in float32.*scale the features"
    ):
        to_stored(np.full((2, 3), 1e-50), dtype="float32", where="a.npy")


def test_a_few_small_values_and_zeros_of_the_file_itself_are_kept_as_they_are():
    values = np.zeros((2, 200), np.float32)
    values[:, 100:] = 1
    values[0, 100] = 1e-9  # one of 200 that are not zero
    assert np.count_nonzero(to_stored(values, dtype="float16", where="a.npy")) == 199
    assert not to_stored(np.zeros((2, 3)), dtype="float16", where="a.npy").any()
