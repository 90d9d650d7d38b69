import numpy as np
import pytest

from avqa_lit.data.array_layout import check_layout, in_rows, rows_shape
from avqa_lit.errors import ConfigError, DataError


@pytest.mark.parametrize(
    "layout, shape, expected",
    [
        ("TC", (5, 7), (5, 7)),
        ("CT", (7, 5), (5, 7)),
        ("1TC", (1, 5, 7), (5, 7)),
        ("TCP", (5, 7, 3), (5, 3, 7)),
        ("THWC", (5, 2, 3, 7), (5, 7, 2, 3)),
        ("1CTHW", (1, 7, 5, 2, 3), (5, 7, 2, 3)),
        ("T11C", (5, 1, 1, 7), (5, 7)),
    ],
)
def test_every_number_stands_at_the_place_of_its_axes(layout, shape, expected):
    check_layout(layout, of="e")
    values = np.arange(np.prod(shape)).reshape(shape)
    found = in_rows(values, layout)
    assert found.shape == rows_shape(shape, layout, where="a.npy") == expected
    letters = [letter for letter in layout if letter != "1"]
    ours = {2: "TC", 3: "TPC", 4: "TCHW"}[len(letters)]
    for index in np.ndindex(*expected):
        place = dict(zip(ours, index, strict=True))
        assert found[index] == values[tuple(place.get(letter, 0) for letter in layout)]


def test_no_layout_is_rows_first_already():
    values = np.ones((5, 7))
    assert in_rows(values, None) is values
    assert rows_shape((5, 7), None, where="") == (5, 7)


@pytest.mark.parametrize("layout", ["", "T", "C", "TT", "TCX", "TCH", "TPCHW", "tc", "TCC"])
def test_axes_that_are_no_features_are_refused(layout):
    with pytest.raises(ConfigError, match=f"layout={layout} of clip: expected the axes of a file"):
        check_layout(layout, of="clip")


def test_a_file_with_other_axes_than_its_layout_is_refused():
    with pytest.raises(DataError, match=r"a.npy: shape \[5, 7\] has 2 axes, and layout=1TC describes 3"):
        rows_shape((5, 7), "1TC", where="a.npy")
    with pytest.raises(
        DataError, match=r"a.npy: shape \[2, 5, 7\] has length 2 in axis 0, which layout=1TC says"
    ):
        rows_shape((2, 5, 7), "1TC", where="a.npy")
