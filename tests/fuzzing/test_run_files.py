"""Files of runs that anybody may have made, read by the report and by the list of runs."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
import yaml

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.artifacts.fit_progress import read_progress
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.artifacts.sweep_file import JobEntry, Sweep, write_sweep
from avqa_lit.config.restored import load_checkpoint
from avqa_lit.errors import UserError
from avqa_lit.metrics.attention_time import attention_lines, attention_over_time
from avqa_lit.report.build import write_report
from avqa_lit.report.collect import collect
from avqa_lit.runs.listing import list_runs
from avqa_lit.runs.output import as_csv, as_json

pytestmark = pytest.mark.slow

PAGES = 100  # a page takes two seconds: of so many cases one is drawn
ODD_YAML = (
    "a: &a [*a]\n",
    "a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a: !!python/object/apply:os.system ['true']\n",
    "a: !!timestamp x\n",
    "a: !!binary '*'\n",
    "a: !!bool maybe\n",
    "a: !!int ''\n",
    "a: 2001-99-99\n",
    "a: 2001-01-01\n",
    "? [1, 2]\n: 3\n",
    "1: 2\n",
    "a: " + "[" * 5000 + "\n",
    "- " * 5000 + "\n",
    "a: {<<: 3}\n",
    "a: " + "9" * 9000 + "\n",
    "--- 1\n--- 2\n",
    "\x00",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny):
    """Folder of a run as training leaves it, and its files."""
    from avqa_lit.train import main

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        given = ["data.videos=20", "question.dim=16", "attention=true", f"paths.cache={folder}/cache"]
        patch.setattr(sys, "argv", ["train", *tiny, *given, f"hydra.run.dir={folder}/run"])
        main()
    return RunFolder(folder / "run")


@pytest.fixture
def copied(run, tmp_path):
    """A sweep of two jobs: one as it was left, and one whose files are mutated."""
    sweep = tmp_path / "sweep"
    for name in ("good", "odd"):
        shutil.copytree(run.path, sweep / name)
    config = yaml.safe_load(run.config.read_text())
    config["model"]["norm"] = "post"
    (sweep / "odd" / "config.yaml").write_text(yaml.safe_dump(config))
    jobs = tuple(JobEntry(name, (f"seed={name}",), "finished", name) for name in ("good", "odd"))
    write_sweep(sweep, Sweep("e", "python -m avqa_lit.train", jobs))
    return RunFolder(sweep / "odd")


@pytest.fixture
def look(copied, tmp_path):
    """Reads runs as the report and the list of runs do; the odd one may be left out, never the good one."""
    seen = {"cases": 0}

    def read():
        sweep = copied.path.parent
        listed = list_runs(sweep)
        assert any(entry.folder.path.name == "good" for entry in listed.runs)
        as_json(listed.runs, root=sweep)
        as_csv(listed.runs, root=sweep)
        found = collect([sweep])
        assert any(result.folder.name == "good" for result in found.results)
        seen["cases"] += 1
        if seen["cases"] % PAGES == 0:
            write_report([sweep], tmp_path / "report.html")
        if found.unfinished:
            raise UserError(found.unfinished[0].reason)

    return read


def test_results(copied, look, survives, mutated_json):
    results = json.loads(copied.results.read_text())
    survives(lambda rng: copied.results.write_bytes(mutated_json(results, rng)), look)


def test_sweep_files(copied, survives, mutated_json):
    path = copied.path.parent / "sweep.json"
    sweep = json.loads(path.read_text())

    def read():
        list_runs(path.parent)
        collect([path.parent])

    survives(lambda rng: path.write_bytes(mutated_json(sweep, rng)), read)


@pytest.mark.parametrize("name", ["predictions.jsonl", "metrics.jsonl"])
def test_lines(copied, look, survives, mutated_json, name):
    path = copied.path / name
    lines = path.read_bytes().splitlines()[:6]
    whole = path.read_bytes()

    def mutate(rng):
        place = rng.randrange(len(lines))
        line = mutated_json(json.loads(lines[place]), rng)
        path.write_bytes(whole.replace(lines[place], line))

    survives(mutate, look)


def test_configs(copied, look, survives, mutated_value, mutated_bytes):
    config = yaml.safe_load(copied.config.read_text())

    def mutate(rng):
        if rng.random() < 0.3:
            copied.config.write_text(copied.config.read_text() + rng.choice(ODD_YAML))
        elif rng.random() < 0.3:
            copied.config.write_bytes(mutated_bytes(yaml.safe_dump(config).encode(), rng))
        else:
            copied.config.write_bytes(yaml.safe_dump(mutated_value(config, rng)).encode())

    def reset(rng):
        copied.config.write_text(yaml.safe_dump(config))
        mutate(rng)

    survives(reset, look)


def test_attention(copied, survives, mutated_npz):
    path = copied.attention("test")
    with np.load(path) as file:
        arrays = dict(file)

    def read():
        attention = read_attention(path)
        for place in range(len(attention.row)):
            attention_lines(attention_over_time(attention, place), width=40)

    survives(lambda rng: path.write_bytes(mutated_npz(arrays, rng)), read)


def test_attention_in_a_report(copied, survives, mutated_npz, tmp_path):
    path = RunFolder(copied.path.parent / "good").attention("test")
    with np.load(path) as file:
        arrays = dict(file)

    def read():
        write_report([copied.path.parent], tmp_path / "report.html")
        read_attention(path)

    survives(lambda rng: path.write_bytes(mutated_npz(arrays, rng)), read, cases=4)


def test_timing(copied, survives, mutated_json):
    row = json.loads(copied.timing.read_bytes().splitlines()[0])

    def read():
        if read_progress(copied.timing, since=0, now=1) is None:
            raise UserError("torn")

    survives(lambda rng: copied.timing.write_bytes(mutated_json(row, rng) + b"\n"), read)


def test_checkpoints(copied, survives, mutated_value, mutated_bytes):
    whole = copied.best.read_bytes()
    checkpoint = torch.load(copied.best, weights_only=True)

    def mutate(rng):
        if rng.random() < 0.5:
            copied.best.write_bytes(mutated_bytes(whole, rng))
        elif rng.random() < 0.1:
            torch.save(mutated_value([1, {"a": 2}], rng), copied.best)
        else:
            torch.save(checkpoint | {"avqa_lit": mutated_value(checkpoint["avqa_lit"], rng)}, copied.best)

    survives(mutate, lambda: load_checkpoint(copied.best))
