"""Smoke runs and other habits of debugging, from the command line to the files."""

from itertools import pairwise

import numpy as np
import pytest

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.report.collect import collect


def right(rows):
    return sum(row["prediction"] == row["answer"] for row in rows)


def test_one_batch_of_each_split_goes_through_the_whole_run(train, capsys, tmp_path):
    run = train("debug=one_batch", "data.batch_size=7", "attention=true", folder="a")
    assert run.results.state == "finished"
    assert run.results.smoke == ("trainer.fast_dev_run=True",)
    assert [row["step"] for row in run.metrics if "train/loss" in row] == [1]
    for split in ("val", "test"):
        rows = run.predictions(split)
        assert 0 < len(rows) <= 7 < run.results.data.questions[split]
        totals = [count.total for name, count in run.results.counts.items() if name.startswith(split)]
        assert sum(totals) == len(rows)
        assert run.results.metrics[f"{split}/acc/overall"] == right(rows) / len(rows)
        priors = sum(row["prior"] == row["answer"] for row in rows)
        assert run.results.metrics[f"{split}/prior/acc/overall"] == priors / len(rows)
        with np.load(run.folder.attention(split)) as attention:
            assert attention["row"].tolist() == [row["row"] for row in rows]
    assert "smoke run (trainer.fast_dev_run=True): no results" in capsys.readouterr().out
    found = collect([tmp_path])
    assert (found.results, found.smoke) == ([], [(tmp_path / "a").resolve()])


def test_a_limited_test_scores_the_questions_that_the_whole_test_scores(train):
    whole = train("data.batch_size=7", folder="a")
    limited = train("data.batch_size=7", "+trainer.limit_test_batches=2", folder="b")
    expected = {row["row"]: row for row in whole.predictions()}
    rows = limited.predictions()
    assert 7 < len(rows) <= 14
    assert rows == [expected[row["row"]] for row in rows]


@pytest.mark.slow
def test_the_same_batch_is_learned_by_heart(train, capsys):
    run = train(
        "debug=overfit", "trainer.max_epochs=40", "trainer.log_every_n_steps=1", "model.dropout=0",
        "optimizer.lr=0.01", "schedule=constant", "perturbation=none", folder="a",
    )  # fmt: skip
    losses = [row["train/loss/answer"] for row in run.metrics if "train/loss/answer" in row]
    assert len(losses) == 40
    # Every epoch has the batch of the first: a loss that falls step by step, to a tenth in the end.
    assert losses[-1] < 0.1 * losses[0]
    assert all(later < sooner + 0.2 for sooner, later in pairwise(losses))
    assert "training came to loss 0." in capsys.readouterr().out


def test_a_profile_is_shown_and_kept(train, capsys):
    run = train("debug=profile", folder="a")
    kept = (run.folder.path / "profile.txt").read_text("utf-8")
    assert "run_training_batch" in kept
    assert kept in capsys.readouterr().out
    assert run.results.smoke == ()


@pytest.mark.filterwarnings("ignore:Error detected in")
def test_anomaly_detection_ends_a_run_as_diverged(train, tmp_path):
    with pytest.raises(SystemExit, match="1"):
        train("debug=anomaly", "optimizer.lr=1e30", folder="a")
    results = read_run(tmp_path / "a").results
    assert (results.state, results.diverged.quantity) == ("diverged", "train/loss/answer")


def test_evaluating_the_checkpoint_of_a_smoke_run_is_marked_as_well(train, tmp_path, monkeypatch):
    from avqa_lit.evaluate import main

    run = train("debug=one_batch", folder="a")
    monkeypatch.setattr("sys.argv", ["evaluate", f"checkpoint={run.folder.best}", "display=false"])
    main()
    (folder,) = (tmp_path / "runs" / "evaluate").iterdir()
    assert read_run(folder).results.smoke == ("trainer.fast_dev_run=True",)
