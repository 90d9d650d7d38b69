import json

import pytest

from avqa_lit.artifacts.atomic import remove_unfinished, replacing, write_json, write_text
from avqa_lit.errors import WriteError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"old": 1})

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_half()
    assert json.loads(path.read_text()) == {"old": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_value_that_json_cannot_hold_leaves_no_file(tmp_path):
    with pytest.raises(TypeError, match="Path is not JSON serializable"):
        write_json(tmp_path / "a.json", {"loss": float("nan"), "folder": tmp_path})
    assert list(tmp_path.iterdir()) == []


def test_the_file_gets_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_that_the_system_refuses_is_named_with_the_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file/a\.json: cannot be written \(.+\)\. Make room there, or"):
        write_text(tmp_path / "file" / "a.json", "{}")


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / ".b.json.xyz.tmp").touch()
    for kept in ("a.json", ".lock"):
        (tmp_path / kept).touch()
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", ".lock"}


def test_a_temporary_file_is_known_as_one(tmp_path):
    with pytest.raises(WriteError, match=r"b\.json: cannot be written"), replacing(tmp_path / "b.json"):
        remove_unfinished(tmp_path)
