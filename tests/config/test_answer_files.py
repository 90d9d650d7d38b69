from pathlib import Path

import pytest

from avqa_lit.config.answer_files import answer_files, short_names
from avqa_lit.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.json", "a.csv", ".hidden"):
        (tmp_path / name).write_text("x")
    (tmp_path / "deeper").mkdir()
    return tmp_path


def test_a_folder_is_its_files_by_name(folder):
    assert answer_files(str(folder)) == [folder / "a.csv", folder / "b.json"]


def test_a_list_keeps_its_order_and_may_hold_folders(folder):
    assert answer_files(["z.json", str(folder)]) == [Path("z.json"), folder / "a.csv", folder / "b.json"]


@pytest.mark.parametrize("predictions", [[], [None], {"a": "b"}, 3])
def test_what_names_no_file_is_refused(predictions):
    with pytest.raises(ConfigError, match=r"predictions=.*: expected a file, a list of files"):
        answer_files(predictions)


def test_an_empty_folder_and_a_file_named_twice_are_refused(folder):
    with pytest.raises(ConfigError, match="expected files of answers in this folder, found none"):
        answer_files(str(folder / "deeper"))
    with pytest.raises(ConfigError, match=r"names .*b.json more than once"):
        answer_files([str(folder), str(folder / "deeper" / ".." / "b.json")])


def test_names_are_as_long_as_they_must_be():
    assert short_names([Path("/a/one/x"), Path("/b/one/x"), Path("/b/y")]) == ["a/one/x", "b/one/x", "y"]
    assert short_names([Path("/a/one/x")]) == ["x"]
