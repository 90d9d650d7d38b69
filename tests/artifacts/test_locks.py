import errno
import fcntl

import pytest
from filelock import FileLock

from avqa_lit.artifacts.locks import acquired, is_held, locked
from avqa_lit.errors import WriteError


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    path = tmp_path / ".lock"
    assert not is_held(path)
    lock = acquired(path)
    assert is_held(path)
    assert acquired(path, timeout=0) is None
    lock.release()
    assert not is_held(path)


def test_a_held_lock_is_waited_for_and_told(tmp_path):
    path = tmp_path / ".lock"
    other = FileLock(path)
    other.acquire()
    with locked(path, wait=other.release):
        assert is_held(path)
    assert not is_held(path)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (
            errno.ENOLCK,
            "cannot be written .*The file system has no locks, .*paths.runs=DIR or paths.cache=DIR",
        ),
        (errno.EPERM, r"belongs to .* \(mode \d{3}\); ask for access, or choose folders"),
    ],
)
def test_what_prevents_a_lock_is_told_with_the_remedy(tmp_path, monkeypatch, number, told):
    def refuse(file, operation):
        raise OSError(number, "refused")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(WriteError, match=told):
        acquired(tmp_path / ".lock")
