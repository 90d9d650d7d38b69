import json

import pytest
from filelock import FileLock

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.keys import config_key
from avqa_lit.config.run_place import held, place_of, unfinished
from avqa_lit.errors import ConfigError, WriteError


def left(runs, name, *, state=None):
    folder = RunFolder(runs / name)
    folder.last.parent.mkdir(parents=True)
    folder.last.touch()
    if state is not None:
        folder.results.write_text(json.dumps({"state": state}), encoding="utf-8")
    return folder


def test_the_newest_unfinished_run_of_the_key_goes_on(tmp_path):
    left(tmp_path, "2030-01-01_00-00-01_abc")
    newest = left(tmp_path, "2030-01-02_00-00-01_abc", state="interrupted")
    left(tmp_path, "2030-01-03_00-00-01_xyz")
    left(tmp_path, "2030-01-04_00-00-01_abc", state="finished")
    (tmp_path / "2030-01-05_00-00-01_abc").mkdir()
    assert unfinished(tmp_path, key="abc") == newest


def test_a_run_that_runs_now_is_left_alone(tmp_path):
    folder = left(tmp_path, "2030-01-01_00-00-01_abc")
    with FileLock(folder.lock):
        assert unfinished(tmp_path, key="abc") is None
    assert unfinished(tmp_path, key="abc") == folder


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    refusal = pytest.raises(ConfigError, match="run: another run writes there now")
    with held(folder), refusal, held(folder):
        pass
    with held(folder):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    folder = RunFolder(tmp_path / "file" / "run")
    with pytest.raises(WriteError, match="run: cannot be written"), held(folder):
        pass


def test_resume_has_two_values(compose):
    with pytest.raises(ConfigError, match="resume=yes: expected auto or never"):
        place_of(compose("resume=yes"), key="abc")


def test_the_key_does_not_tell_how_a_run_is_resumed(compose):
    assert config_key(compose("resume=auto")) == config_key(compose())
