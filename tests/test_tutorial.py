"""The commands of docs/tutorial.md, one after the other, as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from avqa_lit.artifacts.run_folder import read_run

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
FILE = re.compile(r"write `(my_\w+/[\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)


@pytest.fixture
def shell(tmp_path):
    """Runs a command as the page's reader would, in a folder and with a home of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PATH": path, "OMP_NUM_THREADS": "1"}

    def run(command):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or command.startswith("timeout"), f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_the_tutorial_does_what_it_says(shell, tmp_path):
    text = PAGE.read_text("utf-8")
    for name, content in FILE.findall(text):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content, "utf-8")
    shown = {}
    for command in COMMAND.findall(text[text.index("## One run") :]):
        (key, *_) = [path.parent.name for path in tmp_path.glob("runs/depth/*/results.json")] or ["KEY"]
        shown[command] = shell(command.replace("KEY", key))
    train, listed, *_, killed, interrupted, resumed = shown
    assert "prior" in shown[train]
    for name in re.findall(r"^- (.*):", text[text.index("## What a run leaves") : text.index("## A sweep")]):
        assert all(one.strip("/") in shown[listed] for one in re.findall(r"`(\S+?)`", name))
    assert len(list(tmp_path.glob("runs/depth/*/results.json"))) == 12
    assert "no difference that these runs can show" in (tmp_path / "depth.html").read_text("utf-8")
    assert killed.startswith("timeout")
    assert "interrupted" in shown[interrupted]
    first, second = (read_run(path.parent) for path in sorted(tmp_path.glob("runs/train/*/results.json")))
    assert [first.results.seed, second.results.seed] == [0, 7]
    assert second.folder.path.name in shown[resumed]
