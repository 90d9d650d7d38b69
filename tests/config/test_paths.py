from pathlib import Path

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from avqa_lit.config.paths import absolute, with_absolute_paths
from avqa_lit.errors import ConfigError


def test_all_paths_of_a_config_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    config = {
        "paths": {"runs": "~/x", "cache": "c"},
        "data": {"raw": "r s", "store": None, "features": "feats"},
        "predictions": ["a", "/b"],
        "figure": None,
    }
    assert with_absolute_paths(config) == {
        "paths": {"runs": "/home/me/x", "cache": f"{tmp_path}/c"},
        "data": {"raw": f"{tmp_path}/r s", "store": None, "features": "feats"},
        "predictions": [f"{tmp_path}/a", "/b"],
        "figure": None,
    }


def test_folders_of_question_files_are_paths(compose):
    config = compose("question=files", "question.sentence=a", "prompt=files", "prompt.tokens=/b")
    assert config["question"]["sentence"] == str(Path.cwd() / "a")
    assert config["question"]["tokens"] is None
    assert config["prompt"]["tokens"] == "/b"


def test_keys_of_that_name_of_an_encoder_of_ones_own_are_no_paths():
    config = {"question": {"_target_": "mylab.Words", "sentence": "mean", "tokens": 77}}
    assert with_absolute_paths(config) == config


def test_paths_in_a_file_are_absolute_as_well(compose, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert compose("paths.runs='~/x'")["paths"]["runs"] == "/home/me/x"
    assert compose()["paths"]["runs"] == str(Path.cwd() / "runs")


def test_a_path_starts_where_the_command_was_started_also_in_another_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hydra = OmegaConf.create({"hydra": {"job": {"chdir": True}, "runtime": {"cwd": "/where/it/started"}}})
    monkeypatch.setattr(HydraConfig.instance(), "cfg", hydra)
    assert absolute("paths.runs", "runs") == "/where/it/started/runs"
    hydra.hydra.job.chdir = None
    assert absolute("paths.runs", "runs") == f"{tmp_path}/runs"


def test_an_empty_path_is_refused():
    with pytest.raises(ConfigError, match=r"paths\.runs is empty: expected a path"):
        absolute("paths.runs", " ")


def test_a_home_that_nobody_knows_is_refused(monkeypatch):
    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    with pytest.raises(ConfigError, match=r"paths\.runs=~/x: the home folder that ~ stands for is not known"):
        absolute("paths.runs", "~/x")


def test_a_name_that_begins_with_the_sign_of_home_is_a_name():
    assert absolute("paths.runs", "~ nobody's/x") == str(Path.cwd() / "~ nobody's" / "x")
