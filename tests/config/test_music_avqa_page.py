"""The commands of docs/music_avqa.md, on generated files in the layout that it asks for."""

import json
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "music_avqa.md").read_text("utf-8")
COMMAND = re.compile(r"^\$ python -m avqa_lit\.(\w+) (.*)$", re.MULTILINE)
QUICK = (
    "trainer.max_epochs=1",
    "trainer.threads=1",
    "data.batch_size=8",
    "logger=none",
    "loss.answer.weight=1",
)


@pytest.fixture
def files(tmp_path, write_official, monkeypatch):
    """Folder that holds what the page asks for, but no checkpoint."""
    monkeypatch.chdir(tmp_path)
    raw = write_official(tmp_path / "music_avqa", questions={"train": 19, "val": 11, "test": 13})
    (raw / "feats" / "res18_14x14").mkdir()
    random = np.random.default_rng(3)
    for video in (raw / "feats" / "vggish").iterdir():
        np.save(raw / "feats" / "res18_14x14" / video.name, random.normal(size=(7, 512, 2, 2)))
    shutil.copytree(raw, tmp_path / "music_avqa_v2")
    for split in ("train", "val", "test"):
        old = tmp_path / "music_avqa_v2" / "json" / f"avqa-{split}.json"
        old.rename(old.with_name(f"{split}_balance.json"))
    asked = json.loads((raw / "json" / "avqa-test.json").read_text("utf-8"))
    answers = {row["question_id"]: "one" for row in asked}
    (tmp_path / "answers.json").write_text(json.dumps(answers), "utf-8")
    lines = [f"{row['question_id']},{row['anser']}\n" for row in asked]
    (tmp_path / "theirs.csv").write_text("question_id,answer\n" + "".join(lines), "utf-8")
    return tmp_path


@pytest.fixture
def run(files, monkeypatch, capsys):
    """Runs one of the page's commands, a training shortened; gives what it printed and the folder it left."""

    def command(name, arguments):
        before = set(files.glob("runs/*/*"))
        places = [f"paths.cache={files / 'cache'}", "display=false"]
        given = ([*places, *QUICK] if name == "train" else places) if name != "report" else []
        monkeypatch.setattr("sys.argv", [name, *shlex.split(arguments), *given])
        import_module(f"avqa_lit.{name}" + ".__main__" * (name == "report")).main()
        return capsys.readouterr().out, set(files.glob("runs/*/*")) - before

    return command


def commands(section):
    begin = PAGE.index(f"## {section}")
    return COMMAND.findall(PAGE[begin : PAGE.find("\n## ", begin)])


@pytest.mark.parametrize("section", ["3", "MUSIC-AVQA v2.0", "Without the data"])
def test_files_are_prepared_as_the_page_says(run, section):
    printed = [run(*command)[0] for command in commands(section)][-1]
    assert re.search(
        r"store in .*_store/\S+\n  train: \d+ questions\n  val: \d+ questions\n  test: ", printed
    )


def test_the_first_run_trains(run):
    (command, *_) = commands("4")
    printed, folders = run(*command)
    assert "prior" in printed
    assert len(folders) == 1


@pytest.mark.slow
def test_avst_trains_and_its_published_weights_are_scored(run, files, as_published):
    train, evaluate = commands("5")
    _, (folder,) = run(*train)
    checkpoint = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    torch.save(as_published(checkpoint), files / "avst.pt")
    printed, folders = run(*evaluate)
    assert "prior" in printed
    assert len(folders) == 1


def test_answers_of_another_program_are_scored(run):
    one, several = commands("6")
    printed, folders = run(*one)
    assert "prior" in printed
    assert len(folders) == 1
    printed, folders = run(*several)
    assert "differences in overall accuracy" in printed
    (folder,) = folders
    assert {"leaderboard.html", "leaderboard.md", "tables"} <= {entry.name for entry in folder.iterdir()}


def test_every_message_that_the_page_explains_is_one_of_ours():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    explained = re.findall(r"^\| `(.*?)` \|", PAGE[PAGE.index("## What can go wrong") :], re.MULTILINE)
    assert len(explained) > 10
    assert [one for one in explained if one not in source] == []


@pytest.mark.slow
def test_the_real_files_have_the_counts_of_the_page(tmp_path, monkeypatch, capsys, write_features, real_json):
    """With the val questions in the place of train's, of which no copy is at hand."""
    raw = tmp_path / "music_avqa"
    videos = real_json(raw)
    write_features(raw, sorted(videos), np.random.default_rng(5), rows=2)
    monkeypatch.chdir(tmp_path)
    ((_, arguments),) = commands("3")
    monkeypatch.setattr("sys.argv", ["prepare", *shlex.split(arguments), "display=false"])
    import_module("avqa_lit.prepare").main()
    printed = capsys.readouterr().out
    for split, questions in (("val", "4,568"), ("test", "9,129")):
        assert f"  {split}: {questions} questions\n" in printed
        assert f"{questions} of {split}" in PAGE
