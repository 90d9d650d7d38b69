import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.sweep_file import read_sweep
from avqa_lit.errors import ConfigError
from avqa_lit.training.wandb_run import RunLogger, wandb_logger

CONFIG = {"model": {"norm": "pre"}, "loss": {"kl": {"weight": 0.1}}}
PREDICTION = {
    "row": 0, "question_id": "7", "video_id": "v", "category": "audio/counting", "question": "how many?",
    "answer": "two", "prediction": "one", "prior": "two", "probability": 0.5,
}  # fmt: skip
SUMMARY = {"test/acc/overall": 0.25, "val/acc/overall": 0.5}
SECONDS = 2  # that a server has for its answer


def logger_in(folder, **changes):
    settings = {
        "config": CONFIG, "key": "abc", "overrides": ["seed=3", "model.norm=pre"], "group": "study",
        "name": None, "project": "p", "entity": None, "mode": "online", "tags": ["one", "two"],
        "timeout": SECONDS, "artifacts": [],
    }  # fmt: skip
    return wandb_logger(folder=RunFolder(folder), **settings | changes)


def log_all(logger):
    for step in (7, 9):
        logger.log_metrics({"val/acc/overall": step / 10, "epoch": 0}, step=step)
    logger.end(failed=False, summary=SUMMARY, predictions=[PREDICTION])


def wandb_command(*arguments, **environment):
    ended = subprocess.run(
        [sys.executable, "-m", "wandb", *map(str, arguments)],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended.stdout


def inspected(folder):
    """Summary of the only W&B run in a folder and its records, as W&B's own command reads them."""
    (file,) = folder.glob("wandb/*run-*/run-*.wandb")
    records = wandb_command("leet", "inspect", "--json", file).splitlines()
    summary = json.loads(wandb_command("leet", "inspect", "--summary", "--json", file))
    return summary, [json.loads(line) for line in records]


@pytest.mark.parametrize("mode", ["onlin", "dryrun", "shared"])
def test_a_mode_that_does_not_exist_is_refused(tmp_path, monkeypatch, mode):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with pytest.raises(ConfigError, match=rf"logger\.mode={mode}: expected online, offline or disabled"):
        logger_in(tmp_path, mode=mode)
    monkeypatch.setenv("WANDB_MODE", mode)
    with pytest.raises(ConfigError, match=f"WANDB_MODE={mode}: expected"):
        logger_in(tmp_path, mode="offline")


def test_a_checkpoint_that_does_not_exist_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with pytest.raises(ConfigError, match=r"logger\.artifacts=\['bets'\]: expected a list of best and last"):
        logger_in(tmp_path, mode="disabled", artifacts=["bets"])


def test_whatever_wandb_raises_is_one_warning(tmp_path, capsys):
    def broken(*args, **kwargs):
        raise ConnectionResetError("Connection lost.\nand much more")

    run = SimpleNamespace(
        log=broken, finish=broken,
        summary=SimpleNamespace(update=broken), config=SimpleNamespace(update=broken),
        settings=SimpleNamespace(mode="offline"), dir="wandb/run-1/files", id="1", name="abc",
    )  # fmt: skip
    logger = RunLogger(run, folder=RunFolder(tmp_path), key="k", timeout=SECONDS, artifacts=["best"])
    logger.log_hyperparams({"lr": 0.1})
    log_all(logger)
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "warning: Weights & Biases: ConnectionResetError: Connection lost; the run's own files are complete, "
        "send the rest with: wandb sync --include-online wandb/run-1"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"project": "a/b"}, "Invalid project name 'a/b'"),
        ({"tags": ["x" * 65]}, "is 65 characters. Tags must be between 1 and 64 characters"),
        ({"entity": 7}, "entity: Input should be a valid string"),
    ],
)
def test_a_setting_that_wandb_refuses_is_one_warning(wandb_home, capsys, changes, reason):
    assert logger_in(wandb_home / "run", mode="offline", **changes) is None
    assert_one_warning(capsys, reason)


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_a_user_without_home_and_name_is_one_warning(wandb_home, monkeypatch, capsys, mode):
    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "WANDB_CONFIG_DIR", "WANDB_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_242_424)  # no such user
    assert logger_in(wandb_home / "run", mode=mode) is None
    assert_one_warning(capsys, "RuntimeError: Could not determine home directory")


@pytest.mark.slow
def test_a_folder_that_wandb_cannot_write_is_one_warning(wandb_home, capsys):
    (wandb_home / "run").mkdir()
    (wandb_home / "run" / "wandb").touch()
    assert logger_in(wandb_home / "run", mode="offline") is None
    assert_one_warning(capsys, "NotADirectoryError")


def assert_one_warning(capsys, reason):
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("warning: Weights & Biases: ")
    assert reason in line
    assert line.endswith("; this run is not kept there, the run's own files are complete")


def test_a_disabled_run_leaves_and_prints_nothing(wandb_home, capsys):
    log_all(logger_in(wandb_home / "run", mode="disabled"))
    assert list((wandb_home / "run").iterdir()) == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("given", "name"), [(None, "abc"), ("my run", "my run")])
def test_a_run_is_named_as_asked_or_by_its_key(wandb_home, given, name):
    logger = logger_in(wandb_home / "run", mode="offline", name=given)
    assert logger.experiment.name == name
    logger.end(failed=False)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_time_that_is_none_is_refused(tmp_path, monkeypatch, seconds):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with pytest.raises(ConfigError, match=f"logger.timeout={seconds}: expected seconds above 0"):
        logger_in(tmp_path, mode="disabled", timeout=seconds)


@pytest.mark.slow
def test_a_run_that_goes_on_is_the_same_run_plotted_on_trainings_steps(wandb_home, capsys):
    ids = []
    for folder in ("one", "one", "other"):
        logger = logger_in(wandb_home / folder, mode="offline")
        ids.append(logger.experiment.id)
        log_all(logger)
    assert ids[0] == ids[1] != ids[2]
    summary, records = inspected(wandb_home / "other")
    assert summary["exit_code"] == 0
    plotted = [one["metric"] for one in records if one["type"] == "metric"]
    assert {one["step_metric"] for one in plotted if one.get("glob_name") == "*"} == {"trainer/global_step"}
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_the_offline_record_of_a_run_is_that_of_its_files(wandb_home, train):
    done = train(
        "logger=wandb", "logger.tags=[mine]", "logger.artifacts=[best]", "attention=true", folder="a"
    )  # fmt: skip
    summary, records = inspected(done.folder.path)
    kept = summary["summary"]
    assert {name: kept[name] for name in done.results.metrics} == done.results.metrics
    assert {name: value for name, value in summary["config"].items() if name != "_wandb"} == done.config
    assert (summary["exit_code"], summary["tags"]) == (0, ["mine"])
    (run,) = (one["run"] for one in records if one["type"] == "run")
    assert (run["run_group"], run["job_type"], run["display_name"]) == ("train", "train", done.results.key)
    assert run["notes"] == " ".join(done.results.overrides)
    rows = [one["history"]["item"] for one in records if one["type"] == "history"]
    curves = {row["trainer/global_step"]: row for row in rows if "val/acc/overall" in row}
    for row in done.metrics:
        if "val/acc/overall" in row:
            assert curves[row["step"]].items() >= {k: v for k, v in row.items() if k != "step"}.items()
    assert len(curves) == 2
    tables = {name.split(".")[0] for row in rows for name in row if name.startswith("test/")}
    assert tables == {"test/confusion_matrix_table", "test/predictions", "test/attention"}
    artifacts = {one["artifact"]["type"]: one["artifact"] for one in records if one["type"] == "artifact"}
    assert set(artifacts["model"]["aliases"]) == {"best", "latest"}
    for one in artifacts["run_table"]["manifest"]["contents"]:
        assert Path(one["local_path"]).is_relative_to(done.folder.path)
    (file,) = artifacts["model"]["manifest"]["contents"]
    assert file["local_path"] == str(done.folder.best)


@pytest.mark.slow
def test_every_job_of_a_sweep_is_a_run_of_its_own_and_a_failed_one_is_told(wandb_home, cache, tiny):
    grid = ["--multirun", "monitor=val/acc/overall,val/nothing", "trainer.max_epochs=1"]
    given = [one for one in tiny if not one.startswith(("logger=", "trainer.max_epochs="))]
    ended = subprocess.run(
        [sys.executable, "-m", "avqa_lit.train", *grid, *given, "data.videos=40", f"paths.cache={cache}"],
        cwd=wandb_home,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    jobs = read_sweep(wandb_home / "runs" / "train").jobs
    assert [job.state for job in jobs] == ["finished", "failed"]
    ids = set()
    for job in jobs:
        summary, records = inspected(wandb_home / "runs" / "train" / job.folder)
        (run,) = (one["run"] for one in records if one["type"] == "run")
        assert (run["run_group"], run["display_name"]) == ("train", job.key)
        assert f"monitor={summary['config']['monitor']}" in job.overrides
        assert summary["exit_code"] == int(job.state == "failed")
        assert ("test/acc/overall" in summary["summary"]) == (job.state == "finished")
        ids.add(run["run_id"])
    assert len(ids) == 2


@pytest.mark.slow
def test_online_everything_is_sent_while_it_happens(server, wandb_home, capsys):
    folder = RunFolder(wandb_home / "run")
    folder.best.parent.mkdir(parents=True)
    folder.best.write_bytes(b"weights")
    logger = logger_in(folder.path, artifacts=["best"])
    log_all(logger)
    ((key, run),) = server.runs().items()
    assert run["groupName"] == "study"
    assert (run["jobType"], run["displayName"], run["tags"]) == ("train", "abc", ["one", "two"])
    assert run["notes"] == "seed=3 model.norm=pre"
    config = {name: one["value"] for name, one in json.loads(run["config"]).items() if name != "_wandb"}
    assert config == CONFIG
    curve = {row["trainer/global_step"]: row["val/acc/overall"] for row in server.rows if "epoch" in row}
    assert curve == {7: 0.7, 9: 0.9}
    summary = json.loads(server.uploads["wandb-summary.json"])
    assert {name: summary[name] for name in SUMMARY} == SUMMARY
    assert {"artifact/test/confusion_matrix_table.table.json", "artifact/test/predictions.table.json"} <= set(
        server.uploads
    )
    assert server.uploads["artifact/best.ckpt"] == b"weights"
    printed = capsys.readouterr()
    assert printed.out == f"{server.url}/lab/p/runs/{key}\n"
    assert printed.err == ""


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["silent", "refusing", "no account"])
def test_without_a_server_or_an_account_the_run_is_kept_offline(
    server, wandb_home, monkeypatch, capsys, missing
):
    if missing == "silent":
        server.fall_silent()
    elif missing == "refusing":
        server.close()
    else:
        monkeypatch.delenv("WANDB_API_KEY")
    began = time.monotonic()
    log_all(logger_in(wandb_home / "run"))
    assert time.monotonic() - began < SECONDS + 20
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    (folder,) = wandb_home.glob("run/wandb/offline-run-*")
    assert f"the run is kept offline, send it with: wandb sync {folder}" in printed.err
    assert ("no account (wandb login" in printed.err) == (missing == "no account")
    (file,) = folder.glob("run-*.wandb")
    kept = json.loads(wandb_command("leet", "inspect", "--summary", "--json", file))
    assert kept["summary"].items() >= SUMMARY.items()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["silent", "refusing"])
def test_a_server_that_dies_in_the_middle_costs_seconds_and_one_warning(
    server, wandb_home, capsys, how, wandb_server
):
    logger = logger_in(wandb_home / "run")
    logger.log_metrics({"val/acc/overall": 0.5, "epoch": 0}, step=7)
    if how == "silent":
        server.fall_silent()
    else:
        server.close()
    began = time.monotonic()
    log_all(logger)
    assert time.monotonic() - began < 2 * SECONDS + 20
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    (folder,) = wandb_home.glob("run/wandb/run-*")
    command = ("sync", "--include-online", folder)
    assert f"send the rest with: wandb {' '.join(map(str, command))}" in printed.err
    with wandb_server() as another:
        wandb_command(*command, **another.environment)
    summary = json.loads(another.uploads["wandb-summary.json"])
    assert {name: summary[name] for name in SUMMARY} == SUMMARY


@pytest.mark.slow
def test_a_run_kept_offline_is_sent_by_wandb_sync(server, wandb_home):
    log_all(logger_in(wandb_home / "run", mode="offline"))
    assert server.queries == []
    (folder,) = wandb_home.glob("run/wandb/offline-run-*")
    wandb_command("sync", folder)
    (run,) = server.runs().values()
    assert (run["groupName"], run["jobType"], run["tags"]) == ("study", "train", ["one", "two"])
    assert {row["trainer/global_step"]: row["val/acc/overall"] for row in server.rows if "epoch" in row} == {
        7: 0.7, 9: 0.9,
    }  # fmt: skip
    summary = json.loads(server.uploads["wandb-summary.json"])
    assert {name: summary[name] for name in SUMMARY} == SUMMARY
    assert "artifact/test/predictions.table.json" in server.uploads
