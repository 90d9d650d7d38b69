"""Published weights, which hold neither config nor vocabularies, through the command line."""

import numpy as np
import pytest
import torch

from avqa_lit import evaluate as evaluate_command
from avqa_lit import train as train_command
from avqa_lit.artifacts.run_folder import read_run

MODEL = ("model=avst", "model.dim=8", "model.heads=2", "model.frames=5", "model.question_length=9")


@pytest.fixture
def data(tmp_path, write_official):
    """Overrides of an official folder with maps."""
    raw = write_official(tmp_path / "raw", questions={"train": 23, "val": 11, "test": 17})
    random = np.random.default_rng(7)
    (raw / "feats" / "maps").mkdir()
    for video in sorted((raw / "feats" / "vggish").iterdir()):
        np.save(raw / "feats" / "maps" / video.name, random.normal(size=(13, 8, 3, 2)).astype(np.float32))
    return ("data=music_avqa", f"data.raw={raw}", "data.visual.encoder=maps", "data.visual.stride=2")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in a folder of its own and returns what it left."""

    def command(main, *overrides, folder):
        monkeypatch.chdir(tmp_path)
        paths = (f"paths.runs={tmp_path / folder}", f"paths.cache={tmp_path / 'cache'}", "display=false")
        monkeypatch.setattr("sys.argv", ["command", *overrides, *paths])
        main()
        (left,) = (tmp_path / folder).glob("*/*")
        return read_run(left)

    return command


@pytest.fixture
def trained(run, data):
    return run(
        train_command.main, *MODEL, *data, "data.batch_size=7", "trainer.max_epochs=1", "trainer.threads=1",
        "logger=none", folder="trained",
    )  # fmt: skip


def test_published_weights_answer_as_the_same_weights_of_ours(trained, run, data, tmp_path, as_published):
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    torch.save(as_published(checkpoint), tmp_path / "avst.pt")
    scored = run(
        evaluate_command.main, f"checkpoint={tmp_path / 'avst.pt'}", *MODEL, *data, folder="published"
    )
    ours = run(evaluate_command.main, f"checkpoint={trained.folder.best}", folder="ours")
    assert scored.results.counts == ours.results.counts
    assert scored.results.best_epoch is None
    for one, other in zip(scored.predictions(), ours.predictions(), strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probability"] == pytest.approx(other["probability"], abs=2e-6)
    assert {"test/loss/answer", "test/loss/matching"} <= set(scored.results.metrics)
    assert ours.results.metrics["test/loss/matching"] == trained.results.metrics["test/loss/matching"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((*MODEL,), "published weights tell nothing of their data; give the official files, data=music_avqa"),
        ((*MODEL, "DATA"), "avst.pt: no weights named fc_ans.bias, fc_ans.weight"),
        (("DATA",), "expected a checkpoint written by avqa_lit.train; to evaluate published weights name"),
        (("model=question_only", "DATA"), "no published weights are known of avqa_lit.models.question_only"),
        ((*MODEL, "data=synthetic"), "data.videos has no value"),
        (("model=avst", "predictions=a.json", "checkpoint=null", "DATA"), "given answers need no model"),
    ],
)
def test_what_published_weights_cannot_tell_is_asked_for(run, data, tmp_path, capsys, overrides, message):
    torch.save({}, tmp_path / "avst.pt")
    command = [one for part in overrides for one in (data if part == "DATA" else (part,))]
    with pytest.raises(SystemExit):
        run(evaluate_command.main, f"checkpoint={tmp_path / 'avst.pt'}", *command, folder="refused")
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_checkpoint_of_ours_takes_no_model(trained, run, capsys):
    with pytest.raises(SystemExit):
        run(evaluate_command.main, f"checkpoint={trained.folder.best}", "model=avst", folder="refused")
    assert "it carries its own model, which avqa_lit trained; leave out model" in capsys.readouterr().err


def test_a_file_that_holds_no_named_weights_is_refused(run, data, tmp_path, capsys):
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    with pytest.raises(SystemExit):
        run(evaluate_command.main, f"checkpoint={tmp_path / 'list.pt'}", *MODEL, *data, folder="refused")
    assert "expected weights by name, found a list" in capsys.readouterr().err
