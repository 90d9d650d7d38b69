"""What the workspace says and what is sent. Whether W&B draws it as meant cannot be seen here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from avqa_lit.artifacts.results import Results
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.dashboard.__main__ import main
from avqa_lit.dashboard.workspace import spec
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

pytest.importorskip("wandb_workspaces")

GOLDEN = Path(__file__).with_name("workspace.json")
RENEW = "python -m avqa_lit.dashboard > tests/dashboard/workspace.json"


@pytest.fixture
def impatient(monkeypatch):
    """W&B gives a server one second."""
    from wandb.apis.public import Api

    monkeypatch.setattr(Api, "_HTTP_TIMEOUT", 1)


def panels(section=None):
    found = spec(MUSIC_AVQA, project="p")["section"]["panelBankConfig"]["sections"]
    return [panel for one in found if section in (None, one["name"]) for panel in one["panels"]]


def metrics(panel):
    """Names of the metrics that a panel reads, without what W&B puts before them."""
    config = panel["config"]
    axes = [config.get(axis, "") for axis in ("xAxis", "yAxis", "targetKey")]
    columns = [column["accessor"] for column in config.get("columns", [])]
    names = [*config.get("metrics", []), *axes, *columns]
    return {name.removeprefix("summary:") for name in names if name and not name.startswith("config:")}


def test_the_printed_workspace_is_the_golden_one(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed == GOLDEN.read_text("utf-8"), f"if that is meant: {RENEW}"


def test_sections_are_those_of_the_design():
    sections = spec(MUSIC_AVQA, project="p")["section"]["panelBankConfig"]["sections"]
    assert [one["name"] for one in sections] == [
        "Overview", "Per category", "Sweep", "Alignment losses", "Training", "Errors",
    ]  # fmt: skip


def test_every_panel_has_a_name_of_its_own():
    names = [panel["__id__"] for panel in panels()]
    assert len(set(names)) == len(names) > 20


def test_panels_read_only_what_a_run_logs(train):
    done = train(folder="a")
    logged = {name for row in done.metrics for name in row} | set(done.results.metrics)
    of_other_terms = {
        f"{split}/loss/{term}"
        for split in ("train", "val")
        for term in ("info_nce", "cca", "soft_dtw", "cosine")
    }
    read = {name for panel in panels() for name in metrics(panel)} - {"trainer/global_step"}
    assert len(read) > 50
    assert read - logged <= of_other_terms


def test_swept_keys_are_read_where_w_and_b_keeps_them():
    (plot,) = (one for one in panels("Sweep") if one["viewType"] == "Parallel Coordinates Plot")
    keys = [column["accessor"] for column in plot["config"]["columns"]]
    assert "config:loss.value.kl.weight" in keys
    assert "config:seed.value" in keys
    (bars,) = (one for one in panels("Sweep") if one["viewType"] == "Bar Chart")
    assert bars["config"]["groupBy"] == "model.value.norm"


def test_printing_imports_no_torch_and_asks_no_server():
    check = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "from avqa_lit.dashboard.__main__ import main\n"
        "assert main([]) == 0\n"
        "assert 'torch' not in sys.modules and 'hydra' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, timeout=60)


def test_without_the_extra_it_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    for arguments in ([], ["--save"]):
        assert main(arguments) == 1
        assert "pip install 'avqa_lit[dashboard]'" in capsys.readouterr().err


def test_without_an_account_nothing_is_asked_and_the_remedy_is_told(wandb_home, capsys):
    assert main(["--save"]) == 1
    assert "no W&B account is known here; run wandb login first" in capsys.readouterr().err


@pytest.mark.slow
def test_saving_sends_the_printed_spec_and_saving_again_replaces_it(server, capsys):
    for _ in range(2):
        assert main(["--save", "--project", "p"]) == 0
    first, second = server.named("UpsertView2")
    assert (first["entityName"], first["projectName"], first["type"]) == ("lab", "p", "project-view")
    assert json.loads(first["spec"]) == json.loads(GOLDEN.read_text("utf-8"))
    assert "id" not in first
    assert second["id"] == f"id-of-{first['name']}"
    assert second["name"] == first["name"]
    printed = capsys.readouterr()
    address = f"{server.url}/lab/p?nw={first['name'].removeprefix('nw-').removesuffix('-v')}"
    assert printed.out.splitlines() == [address, address]
    assert printed.err == ""
    assert main(["--save", "--project", "p", "--entity", "others"]) == 0
    third = server.named("UpsertView2")[2]
    assert third["entityName"] == "others"
    assert third["name"] != first["name"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["silent", "refusing", "no project"])
def test_a_server_that_is_away_or_has_no_such_project_is_told(server, impatient, capsys, how):
    if how == "silent":
        server.fall_silent()
    elif how == "refusing":
        server.close()
    else:
        server.projects = {"another"}
    assert main(["--save", "--project", "p"]) == 1
    told = capsys.readouterr().err
    assert "error: the workspace of p was not saved: " in told
    assert ("Project `lab/p` not found" in told) == (how == "no project")


def test_the_workspace_has_the_categories_of_a_run(tmp_path, capsys):
    taxonomy = Taxonomy.from_plain([{"type": "which"}, {"type": "why"}])
    RunFolder(tmp_path / "a").write_results(Results(state="finished", taxonomy=taxonomy))
    assert main(["--run", str(tmp_path / "a")]) == 0
    printed = capsys.readouterr().out
    assert "test/acc/which" in printed
    assert not re.search(r"acc/audio|mean_of_modalities\"|/avg", printed)
