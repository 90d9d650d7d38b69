import os

import pytest

from avqa_lit.artifacts import reading
from avqa_lit.artifacts.reading import opened, read_bytes, read_end, read_lines
from avqa_lit.errors import DataError


def test_a_file_is_read_whole_and_by_lines(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one\n\ntwo")
    assert read_bytes(path) == b"one\n\ntwo"
    assert list(read_lines(path)) == [(1, b"one\n"), (2, b"\n"), (3, b"two")]


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").symlink_to("a")
    assert read_bytes(tmp_path / "b") == b"one"


def _pipe(path):
    os.mkfifo(path)


def _loop(path):
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "a: no such table"),
        (_pipe, "a: expected a table, found a pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "a: expected a table, found a pipe or a device"),
        (lambda path: path.mkdir(), "a: expected a table, found a folder"),
        (_loop, "a: cannot be read .*symbolic links"),
    ],
)
def test_what_is_no_regular_file_is_refused_and_never_waited_for(tmp_path, make, message):
    make(tmp_path / "a")
    with pytest.raises(DataError, match=message):
        read_bytes(tmp_path / "a", kind="table")


def test_a_name_with_a_zero_byte_is_no_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_bytes(tmp_path / "a\0b")


def test_a_sparse_file_of_40_gb_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(40_000_000_000)
    with pytest.raises(DataError, match=r"a: 40,000,000,000 bytes, expected a file of at most 268,435,456"):
        read_bytes(tmp_path / "a")
    with pytest.raises(DataError, match=r"a, line 1: longer than 4,194,304 bytes"):
        list(read_lines(tmp_path / "a"))


def test_an_error_of_the_disk_while_a_file_is_read_is_named(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(DataError, match=r"a: cannot be read \(Input/output error\)"), opened(tmp_path / "a"):
        raise OSError(5, "Input/output error")


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345678")
    monkeypatch.setattr(reading, "size_of", lambda file: 3)
    with pytest.raises(DataError, match="expected a file of at most 5"):
        read_bytes(tmp_path / "a", most=5)


def test_of_a_log_the_end_is_read(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(40_000_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"the last line\n")
    assert read_end(tmp_path / "a", most=20) == "\0" * 6 + "the last line\n"
