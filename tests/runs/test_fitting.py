"""The list of runs on terminals of several widths."""

import io

import pytest

from avqa_lit.artifacts.differences import key_name
from avqa_lit.console import PlainConsole
from avqa_lit.runs.columns import varying_keys
from avqa_lit.runs.listing import list_runs
from avqa_lit.runs.output import print_tables

HOSTILE = "[/]\x1b]0;x\x07=1+1"


@pytest.fixture
def mixed(write, tmp_path):
    """Ten runs of one experiment that differ in eight keys, some of them long, and in how they ended."""
    states = ["finished"] * 7 + ["failed", "interrupted", "finished"]
    for number, state in enumerate(states):
        run = write(f"train/{number:012x}", seed=number % 3, norm=("pre", "post")[number % 2], state=state)
        text = run.config.read_text("utf-8")
        more = {
            "optimizer": {"lr": 10.0 ** -(number % 4), "betas": [0.9, 0.9 + number / 1000]},
            "data": {"batch_size": 2 ** (number % 5), "train_views": ["dark", "noisy"][: number % 3]},
            "question": {"_target_": f"avqa_lit.question.Encoder{number % 2}"},
        }
        if number > 7:
            more["perturbation"] = {"feature_noise": 0.1 * number}
        run.config.write_text(text + "".join(f"{name}: {node}\n" for name, node in more.items()))
    return tmp_path / "runs"


def shown(root, *, width):
    file = io.StringIO()
    found = list_runs(root)
    print_tables(found.runs, root=root, console=PlainConsole(file=file, width=width))
    return found.runs, file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_names_states_and_accuracies_fit_and_what_does_not_is_named(mixed, width):
    runs, lines = shown(mixed, width=width)
    assert lines[0] == "train: 8 finished, 1 failed, 1 interrupted"
    head, rows = lines[1], lines[2:12]
    assert all(len(line) <= width for line in [head, *rows])
    for number, (run, row) in enumerate(zip(runs, rows, strict=True)):
        name, state, *cells = row.split()
        assert (name, state) == (f"train/{number:012x}", run.state)
        assert ("25.00" in cells) == (run.state == "finished")
    names = [key_name(key) for key in varying_keys(runs)]
    assert len(names) == 8
    every = ["run", "state", *names, "val", "test", "seconds", "when"]
    left_out = [line for line in lines[12:] if line.startswith("no room for ")]
    if width == 200:
        assert left_out == []
    else:
        (line,) = left_out
        told, _, remedy = line.removeprefix("no room for ").partition(": ")
        assert remedy == "use a wider terminal, --csv or --json"
        assert sorted(head.split()) == sorted(
            " ".join(name for name in every if name not in told.split(", ")).split()
        )
        assert {"seconds"} <= set(told.split(", "))


def test_on_80_columns_keys_that_all_runs_have_are_shown_before_those_of_some(mixed):
    _, lines = shown(mixed, width=80)
    assert lines[1].split()[:2] == ["run", "state"]
    assert {"norm", "learning", "test"} <= set(lines[1].split())
    assert "feature noise" in next(line for line in lines if line.startswith("no room for "))


def test_a_name_longer_than_the_terminal_is_folded_and_not_cut(write, tmp_path):
    name = "train/" + "x" * 70
    write(name)
    _, lines = shown(tmp_path / "runs", width=60)
    assert lines[1].split() == ["run"]
    assert "".join(line.strip() for line in lines[2:4]) == name
    assert "no room for state, val, test, seconds, when: " in "\n".join(lines)


def test_hostile_names_and_values_are_shown_and_not_obeyed(write, tmp_path):
    first = write(f"{HOSTILE}/a", experiment=HOSTILE, state="failed", reason=HOSTILE)
    first.config.write_text(f"experiment: {HOSTILE!r}\nmodel: {{'norm': {HOSTILE!r}}}\n")
    write(f"{HOSTILE}/b", experiment=HOSTILE, norm="pre")
    _, lines = shown(tmp_path / "runs", width=150)
    text = "\n".join(lines)
    safe = r"[/]\x1b]0;x\x07=1+1"
    assert lines[0] == f"{safe}: 1 failed, 1 finished"
    assert lines[2].split()[:2] == [f"{safe}/a", "failed"]
    assert f"{safe}/a: failed, {safe}" in lines
    assert "\x1b" not in text
    assert "\x07" not in text
