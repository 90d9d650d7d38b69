import json

import pytest

from avqa_lit.artifacts.timing_file import TimingRow, append_timing, read_timing, write_timing
from avqa_lit.errors import DataError

ROWS = [TimingRow(epoch=epoch, epochs=11, step=7 * epoch, seconds=1.25 * epoch) for epoch in range(3)]


def test_rows_are_equal_when_they_are_read_again(tmp_path):
    path = tmp_path / "timing.jsonl"
    write_timing(path, ROWS[:2])
    append_timing(path, ROWS[2])
    assert read_timing(path) == ROWS
    assert json.loads(path.read_text("utf-8").splitlines()[2]) == {
        "epoch": 2,
        "epochs": 11,
        "step": 14,
        "seconds": 2.5,
    }


def test_a_row_with_an_entry_of_another_type_is_named(tmp_path):
    path = tmp_path / "timing.jsonl"
    write_timing(path, ROWS)
    path.write_text(path.read_text("utf-8").replace('"step": 14', '"step": null'), "utf-8")
    with pytest.raises(DataError, match=r"timing.jsonl, line 3: step: expected a valid integer, found None"):
        read_timing(path)
