import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avqa_lit.data.stored_values import to_stored
from avqa_lit.errors import DataError


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


def test_a_stride_keeps_the_first_of_so_many_rows_and_names_rows_as_they_stand_in_the_file():
    values = np.arange(14.0).reshape(7, 2)
    np.testing.assert_array_equal(to_stored(values, dtype="float16", where="", stride=3), values[[0, 3, 6]])
    values[4] = np.nan  # a row that is left out
    to_stored(values, dtype="float16", where="", stride=3)
    values[6, 1] = np.inf
    with pytest.raises(DataError, match=r"a\.npy: row 6 holds inf"):
        to_stored(values, dtype="float16", where="a.npy", stride=3)


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
