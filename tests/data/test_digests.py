import hashlib
import os
import shutil

import pytest

from avqa_lit.data import digests
from avqa_lit.data.digests import DamagedError, check_files, known_sha256, note_sha256, sha256


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that was last written a minute ago, and is not small."""
    monkeypatch.setattr(digests, "SMALL", 0)
    path = tmp_path / "store" / "audio.npy"
    path.parent.mkdir()
    path.write_bytes(b"features")
    _age(path)
    return path


@pytest.fixture
def reads(monkeypatch):
    """Names of the files that are read whole, in order."""
    found = []

    def count(path):
        found.append(path.name)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(digests, "sha256", count)
    return found


def _age(path):
    now = path.stat().st_mtime_ns - 60_000_000_000
    os.utime(path, ns=(now, now))


def _close(folder):
    """Let no record be written into a folder, not even by root."""
    shutil.rmtree(folder / ".audio.npy.sha256", ignore_errors=True)
    (folder / ".audio.npy.sha256").mkdir()
    (folder / ".audio.npy.sha256" / "full").touch()


def test_a_checksum_is_that_of_hashlib(file):
    assert sha256(file) == known_sha256(file) == hashlib.sha256(b"features").hexdigest()


def test_a_file_is_read_once(file, reads):
    assert known_sha256(file) == known_sha256(file)
    assert reads == ["audio.npy"]
    known_sha256(file, again=True)
    assert reads == ["audio.npy"] * 2


def _grow(path):
    path.write_bytes(path.read_bytes() + b"!")


def _rewrite(path):
    path.write_bytes(b"FEATURES")


def _copy(path):
    shutil.copy2(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


@pytest.mark.parametrize("change", [_grow, _rewrite, _copy])
def test_a_file_of_another_size_time_or_inode_is_read_again(file, reads, change):
    known_sha256(file)
    change(file)
    assert known_sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert reads == ["audio.npy"] * 2


def test_a_file_that_was_written_a_moment_ago_is_read_again_since_its_time_may_not_tell_a_change(file, reads):
    os.utime(file)
    known_sha256(file)
    before = file.stat().st_mtime_ns
    file.write_bytes(b"FEATURES")
    os.utime(file, ns=(before, before))  # a change within one tick of the clock
    assert known_sha256(file) == hashlib.sha256(b"FEATURES").hexdigest()


def test_what_a_process_wrote_itself_is_not_read_again(file, reads):
    note_sha256(file, "ab")
    assert known_sha256(file) == "ab"
    assert reads == []


def test_a_folder_that_cannot_be_written_has_its_results_in_the_cache(file, reads, tmp_path):
    _close(file.parent)
    for _ in range(2):
        known_sha256(file, cache=tmp_path / "cache")
    assert reads == ["audio.npy"]
    known_sha256(file)
    assert reads == ["audio.npy"] * 2


@pytest.mark.parametrize("content", ["", "a b c d e", "1 2", "\u00e9"])
def test_a_torn_record_is_done_without(file, reads, content):
    file.with_name(".audio.npy.sha256").write_text(content, "utf-8")
    assert known_sha256(file) == hashlib.sha256(b"features").hexdigest()
    assert reads == ["audio.npy"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"bytes": 7, "sha256": ""}, "audio.npy: 8 bytes, expected 7; prepare again"),
        (
            {"bytes": 8, "sha256": "abc"},
            "audio.npy: its SHA-256 is not abc, it was changed or damaged; prepare",
        ),
    ],
)
def test_damage_is_named(file, written, message):
    with pytest.raises(DamagedError, match=message) as error:
        check_files(file.parent, {"audio.npy": written}, remedy="prepare again")
    assert "prepare again" not in error.value.problem


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DamagedError, match=r"visual.npy: this file is missing; prepare again"):
        check_files(tmp_path, {"visual.npy": {"bytes": 1, "sha256": ""}}, remedy="prepare again")


def test_of_a_small_file_no_result_is_kept(tmp_path):
    (tmp_path / "a").write_bytes(b"features")
    known_sha256(tmp_path / "a")
    note_sha256(tmp_path / "a", "ab")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
