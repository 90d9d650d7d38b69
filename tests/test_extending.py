"""The files of docs/extending.md, as they stand, are trained with and evaluated by its commands."""

import re
import shlex
from pathlib import Path

import pytest

from avqa_lit import evaluate as evaluate_command
from avqa_lit import train as train_command
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.errors import ConfigError

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
FILE = re.compile(r"^`(my_\w+/[\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ PYTHONPATH=my_code python -m avqa_lit\.(\w+) (.*)$", re.MULTILINE)
QUICK = ("logger=none", "trainer.max_epochs=3", "trainer.threads=1", "optimizer.lr=0.05")


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Writes the page's files, and runs one of its commands from their folder."""
    text = PAGE.read_text("utf-8")
    for name, content in FILE.findall(text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "my_code")
    commands = {name: shlex.split(arguments) for name, arguments in COMMAND.findall(text)}

    def run(module, name, *more, replace=()):
        arguments = [dict(replace).get(one, one) for one in commands[name]]
        places = ("display=false", f"paths.cache={tmp_path / 'cache'}", f"paths.runs={tmp_path / 'runs'}")
        monkeypatch.setattr("sys.argv", [name, *arguments, *more, *places])
        module.main()
        (folder,) = (tmp_path / "runs" / name).glob("*")
        return read_run(folder)

    return run


def test_what_the_page_adds_trains_together_and_can_be_evaluated(follow, tmp_path):
    trained = follow(train_command, "train", *QUICK)
    assert trained.results.state == "finished"
    assert trained.results.data.encoders == {
        "audio": "microphone", "visual": "camera", "question": "lengths_20",
    }  # fmt: skip
    assert trained.results.metrics["test/acc/overall"] == 1.0  # nothing but the sound tells the pitch
    assert trained.results.metrics["test/loss/mine"] < 0
    assert "test/loss/kl" in trained.results.metrics
    checkpoint = f"checkpoint={trained.folder.best}"
    again = follow(evaluate_command, "evaluate", replace={"checkpoint=BEST": checkpoint})
    assert again.results.counts == {
        name: count for name, count in trained.results.counts.items() if name.startswith("test/")
    }


def test_a_checkpoint_of_the_page_is_not_loaded_without_trust(follow):
    trained = follow(train_command, "train", *QUICK, "trainer.max_epochs=1")
    replace = {"checkpoint=BEST": f"checkpoint={trained.folder.best}", "trust=[mylab]": "trust=[]"}
    with pytest.raises((ConfigError, SystemExit)):
        follow(evaluate_command, "evaluate", replace=replace)
