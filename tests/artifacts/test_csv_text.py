"""A spreadsheet shows the cells of our CSV and computes none of them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.artifacts.csv_text import csv_text


@pytest.mark.parametrize(
    "formula",
    [
        "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "+1+1", "-2+3+cmd", "@SUM(1)", "\t=1+1",
        "\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20SUM(1)",
    ],
)  # fmt: skip
def test_a_formula_becomes_a_text(formula):
    (row,) = csv.reader(io.StringIO(csv_text([["run", formula]])))
    assert row == ["run", "'" + formula.replace("\t", r"\t")]


@pytest.mark.parametrize("value", [-0.5, "-0.5", "+3", "-1e-05", 7, True, "a=b", "1-2", "", "x\ny", 'a"b,c'])
def test_numbers_and_other_texts_stay_as_they_are(value):
    (row,) = csv.reader(io.StringIO(csv_text([[value]])))
    assert row == ([str(value)] if value != "" else [""])


def test_nothing_is_an_empty_cell_and_a_control_character_an_escape():
    assert csv_text([[None, "a\x1b[2Jb\r", 1]]) == ",a\\x1b[2Jb\\r,1\n"


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_no_cell_begins_as_a_formula_does(cells):
    (row,) = csv.reader(io.StringIO(csv_text([cells])))
    assert len(row) == len(cells)
    for cell in row:
        if cell[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r"):
            assert cell == "" or float(cell) is not None
