"""Every kind of question encoder through a whole run, and from its checkpoint."""

import pytest

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.evaluate import main

LONGER = ("trainer.max_epochs=12", "optimizer.lr=0.01")


@pytest.fixture
def scored(tmp_path, monkeypatch, cache):
    """Scores a checkpoint by command line."""

    def of(run):
        here = tmp_path / "elsewhere"
        here.mkdir()
        monkeypatch.chdir(here)
        command = ["evaluate", f"checkpoint={run.folder.best}", f"paths.cache={cache}", "display=false"]
        monkeypatch.setattr("sys.argv", command)
        main()
        (folder,) = (here / "runs" / "evaluate").iterdir()
        return read_run(folder).results

    return of


def assert_learns_and_scores(run, scored, *, encoder):
    assert run.results.data.encoders["question"] == encoder
    losses = [row["train/loss"] for row in run.metrics if "train/loss" in row]
    assert losses[-1] < 0.8 * losses[0]
    again = scored(run)
    assert again.data.encoders["question"] == encoder
    for name, count in again.counts.items():
        assert run.results.counts[name] == count


@pytest.mark.slow
@pytest.mark.parametrize("queries", ["1", "words"])
def test_a_trained_lstm(train, scored, queries):
    run = train(
        "question=lstm", "question.dim=23", "question.embedding=19", f"model.queries={queries}",
        *LONGER, folder="a",
    )  # fmt: skip
    assert_learns_and_scores(run, scored, encoder="WordLSTM")


@pytest.mark.slow
def test_hashed_words_as_queries(train, scored):
    run = train("model.queries=words", *LONGER, folder="a")
    assert_learns_and_scores(run, scored, encoder="hashing_64")


@pytest.mark.slow
def test_a_frozen_transformer_from_a_folder(train, scored, pretrained, monkeypatch):
    folder = pretrained("bert")
    run = train(
        "question=bert", f"question.model={folder}", "question.label=tiny", "model.queries=words",
        *LONGER, folder="a",
    )  # fmt: skip
    encoder = run.results.data.encoders["question"]
    assert encoder.startswith("tiny-")
    # Its features are in the store, so that the network is not loaded again.
    monkeypatch.setattr("avqa_lit.data.transformer.load_pretrained", None)
    assert_learns_and_scores(run, scored, encoder=encoder)
