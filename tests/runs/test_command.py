"""The list as it is printed, filtered and ordered."""

import csv
import io
import json
import subprocess
import sys

import pytest

from avqa_lit.runs.__main__ import main


@pytest.fixture
def three(write, tmp_path, monkeypatch):
    """Three finished runs that differ in norm and seed, and one that failed."""
    monkeypatch.chdir(tmp_path)
    write("mine/a", experiment="mine", norm="pre", seed=0, test=0.5)
    write("mine/b", experiment="mine", norm="post", seed=0, test=0.25)
    write("mine/c", experiment="mine", norm="post", seed=1, test=0.75)
    write("other/d", experiment="other", norm="post", seed=1, state="failed", reason="ValueError: d")
    return tmp_path


def names(capsys, *arguments):
    assert main(["--csv", *arguments]) == 0
    return [row["run"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]


def test_a_table_an_experiment_shows_the_keys_that_vary_in_it(three, capsys):
    assert main([]) == 0
    mine, other = capsys.readouterr().out.split("other: 1 failed")
    assert "mine: 3 finished" in mine
    for cell in ("norm", "seed", "50.00", "75.00", "mine/c", "post"):
        assert cell in mine
    assert "dim" not in mine
    assert "norm" not in other
    assert "other/d: failed, ValueError: d" in other


def test_runs_come_in_the_order_that_is_asked_for(three, capsys):
    assert names(capsys) == ["mine/a", "mine/b", "mine/c", "other/d"]
    assert names(capsys, "--sort", "test") == ["mine/b", "mine/a", "mine/c", "other/d"]
    assert names(capsys, "--sort", "test/acc/overall", "--reverse") == [
        "mine/c",
        "mine/a",
        "mine/b",
        "other/d",
    ]
    assert names(capsys, "--sort", "norm") == ["mine/b", "mine/c", "other/d", "mine/a"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["state=failed"], ["other/d"]),
        (["model.norm=post", "seed=1.0"], ["mine/c", "other/d"]),
        (["norm=pre"], ["mine/a"]),
        (["test=0.75"], ["mine/c"]),
        (["model=CrossAttention", "experiment=other"], ["other/d"]),
        (["experiment=none"], []),
        (["seed=x"], []),
    ],
)
def test_filters_keep_what_they_name(three, capsys, wanted, expected):
    assert names(capsys, *(part for one in wanted for part in ("--filter", one))) == expected


def test_a_program_reads_all_metrics_and_the_keys_that_vary(three, capsys):
    assert main(["--json"]) == 0
    first, *_, last = json.loads(capsys.readouterr().out)
    assert first["settings"] == {"model.norm": "pre", "seed": 0}
    assert first["metrics"] == {"val/acc/overall": 0.5, "test/acc/overall": 0.5}
    assert (last["state"], last["reason"], last["metrics"]) == ("failed", "ValueError: d", {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["--filter", "failed"], "--filter failed: expected KEY=VALUE, such as state=failed"),
        (["--filter", "nrom=pre"], "nrom: no run has it; did you mean norm?"),
        (["--sort", "zzz"], "zzz: no run has it; expected state, experiment"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_1(three, capsys, arguments, message):
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_a_name_of_several_keys_is_asked_back(write, tmp_path, capsys):
    run = write("train/a")
    run.config.write_text("a: {weight: 1}\nb: {weight: 2}\n")
    assert main([str(tmp_path), "--sort", "weight"]) == 1
    assert "weight: means any of a.weight, b.weight; say which" in capsys.readouterr().err


@pytest.mark.slow
def test_the_list_is_made_without_torch(three):
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'lightning', 'hydra', 'omegaconf')))\n"
        "from avqa_lit.runs.__main__ import main; sys.exit(main([]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=three)
    assert done.returncode == 0, done.stderr
