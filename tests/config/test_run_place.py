import json

import pytest
from filelock import FileLock

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.held_folder import HeldFolder
from avqa_lit.config.keys import config_key, run_key
from avqa_lit.config.run_place import new_folder, unfinished
from avqa_lit.errors import ConfigError, WriteError


def left(runs, name, *, state=None, key="abc"):
    folder = RunFolder(runs / name)
    folder.last.parent.mkdir(parents=True)
    folder.last.touch()
    if state is not None:
        folder.results.write_text(json.dumps({"schema": 1, "state": state, "key": key}), encoding="utf-8")
    return folder


def test_the_newest_unfinished_run_of_the_key_goes_on(tmp_path):
    left(tmp_path, "2030-01-01_00-00-01_abc")
    newest = left(tmp_path, "2030-01-02_00-00-01_abc", state="interrupted")
    left(tmp_path, "2030-01-03_00-00-01_xyz")
    left(tmp_path, "2030-01-04_00-00-01_abc", state="finished")
    (tmp_path / "2030-01-05_00-00-01_abc").mkdir()
    assert unfinished(tmp_path, key="abc") == newest


def test_a_second_run_of_a_config_that_runs_now_is_refused(tmp_path):
    folder = left(tmp_path, "2030-01-01_00-00-01_abc")
    with (
        FileLock(folder.lock),
        pytest.raises(ConfigError, match=r"01_abc: another process runs this config now; wait for it, or"),
    ):
        unfinished(tmp_path, key="abc")
    assert unfinished(tmp_path, key="abc") == folder


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with HeldFolder(folder), pytest.raises(ConfigError, match="run: another run writes there now"):
        HeldFolder(folder)
    with HeldFolder(folder):
        pass


def test_two_runs_of_one_second_get_two_folders(tmp_path):
    folders = [new_folder(tmp_path, key="abc").path for _ in range(3)]
    assert sorted(folders) == folders
    assert len(set(folders)) == 3
    assert all(folder.name.endswith("_abc") for folder in folders)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="run: cannot be written"):
        HeldFolder(RunFolder(tmp_path / "file" / "run"))


def test_resume_is_auto_or_never_or_an_earlier_run(compose):
    refusal = (
        r"resume=.*yes: expected auto, never, the folder of a run or its last.ckpt; .*yes does not exist"
    )
    with pytest.raises(ConfigError, match=refusal):
        run_key(compose("resume=yes"))


def test_the_key_does_not_tell_how_a_run_is_resumed(compose):
    assert config_key(compose("resume=auto")) == config_key(compose())
