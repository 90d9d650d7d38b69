"""Scores of a checkpoint, wherever it lies and whatever it is scored on."""

import json

import numpy as np
import pytest
import torch

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.evaluate import main

SLOTS = ("model=answer_slots", "model.dim=12", "model.heads=3", "model.hidden=17")


def test_a_checkpoint_moved_to_another_folder_scores_as_in_training(train, evaluate, tmp_path):
    trained = train("loss.cosine.weight=0.1", "loss.cosine.start_epoch=2", folder="a")
    moved = tmp_path / "moved.ckpt"
    trained.folder.best.rename(moved)
    scored = evaluate(f"checkpoint={moved}")
    assert "test/loss/cosine" in scored.results.metrics
    for name, value in scored.results.metrics.items():
        assert value == trained.results.metrics[name], name
    assert {name: trained.results.counts[name] for name in scored.results.counts} == scored.results.counts
    assert scored.predictions() == trained.predictions()


def test_another_split_and_a_blanked_modality(train, evaluate):
    trained = train(folder="a")
    scored = evaluate(f"checkpoint={trained.folder.best}", "split=val", "drop=audio")
    assert scored.results.drop == "audio"
    rows, full = scored.predictions("val"), trained.predictions("val")
    assert [row["row"] for row in rows] == [row["row"] for row in full]
    assert [row["probability"] for row in rows] != [row["probability"] for row in full]


def test_a_view_measures_robustness_and_training_is_scored_on_the_clean_one(train, evaluate, tmp_path):
    trained = train("data.views=[poor]", "perturbation=all", folder="a")
    clean = evaluate(f"checkpoint={trained.folder.best}")
    rows = clean.predictions()
    assert rows == trained.predictions()
    assert clean.results.view == "clean"
    (tmp_path / "elsewhere").rename(tmp_path / "first")
    poor = evaluate(f"checkpoint={trained.folder.best}", "data.view=poor")
    assert poor.results.view == "poor"
    assert poor.results.key != clean.results.key
    for key, is_same in (("row", True), ("probability", False)):
        assert ([row[key] for row in poor.predictions()] == [row[key] for row in rows]) == is_same


def test_a_view_that_training_never_had_is_packed_for_evaluation(train, evaluate):
    trained = train(folder="a")
    scored = evaluate(f"checkpoint={trained.folder.best}", "data.views=[dark]", "data.view=dark")
    assert scored.results.view == "dark"
    assert scored.results.data.questions == trained.results.data.questions


@pytest.mark.parametrize("model", [(), SLOTS], ids=["cross_attention", "answer_slots"])
def test_other_data_are_scored_with_the_checkpoints_own_vocabulary(train, evaluate, model):
    trained = train(*model, folder="a")
    answers = torch.load(trained.folder.best, weights_only=True)["avqa_lit"]["answers"]
    other = ("data=synthetic", "data.seed=5", "data.videos=30")
    scored = evaluate(f"checkpoint={trained.folder.best}", *other)
    rows = scored.predictions()
    assert {row["prediction"] for row in rows} <= set(answers)
    right = sum(row["prediction"] == row["answer"] for row in rows)
    assert scored.results.metrics["test/acc/overall"] == right / len(rows)
    assert scored.results.unseen_answers["test"] == sum(row["answer"] not in answers for row in rows)
    assert scored.results.data.checksum != trained.results.data.checksum


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "data.view=dusk",
            "data.view=dusk: no such view, the store has clean; others are packed by data.views",
        ),
        ("+data.bach_size=7", "data.bach_size is not a config key: did you mean data.batch_size?"),
    ],
)
def test_keys_of_the_checkpoints_own_data_are_checked(train, override, message, refused):
    trained = train(folder="a")
    assert message in refused(f"checkpoint={trained.folder.best}", override)


def test_a_checkpoint_that_names_foreign_classes_is_refused(train, tmp_path, refused):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    checkpoint["avqa_lit"]["config"]["model"]["_target_"] = "subprocess.run"
    torch.save(checkpoint, tmp_path / "foreign.ckpt")
    assert "'subprocess.run'" in refused(f"checkpoint={tmp_path / 'foreign.ckpt'}")


def test_what_is_no_checkpoint_of_ours_is_refused(tmp_path, refused):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    assert "expected a checkpoint written by" in refused(f"checkpoint={tmp_path / 'other.ckpt'}")


def test_a_torn_checkpoint_is_refused(tmp_path, refused):
    torch.save({"weights": torch.zeros(1000)}, tmp_path / "whole.ckpt")
    (tmp_path / "torn.ckpt").write_bytes((tmp_path / "whole.ckpt").read_bytes()[:700])
    assert "is damaged" in refused(f"checkpoint={tmp_path / 'torn.ckpt'}")


def test_a_missing_checkpoint_is_named(refused):
    assert "checkpoint=nowhere.ckpt: no such file" in refused("checkpoint=nowhere.ckpt")


def test_features_of_other_encoders_are_refused(train, tmp_path, cache, refused):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    checkpoint["avqa_lit"]["spec"]["tracks"]["audio"]["row_shape"] = (7,)
    torch.save(checkpoint, tmp_path / "other_width.ckpt")
    message = refused(f"checkpoint={tmp_path / 'other_width.ckpt'}")
    assert "row_shape=(7,)" in message
    assert "same encoders" in message


def test_a_split_that_is_none_is_refused(train, refused):
    trained = train(folder="a")
    assert "no tset split; it has train, val, test" in refused(
        f"checkpoint={trained.folder.best}", "split=tset"
    )


def test_results_can_be_read_as_plain_json(train):
    trained = train(folder="a")
    assert json.loads(trained.folder.results.read_text())["schema"] == 1


@pytest.mark.parametrize("model", [(), SLOTS], ids=["cross_attention", "answer_slots"])
def test_attention_is_kept_on_request_in_the_order_of_rows(train, evaluate, model):
    trained = train(*model, "attention=true", folder="a")
    told = read_attention(trained.folder.attention("test"))
    assert told.row.tolist() == [row["row"] for row in trained.predictions()]
    audio, visual = told.tracks["audio"], told.tracks["visual"]
    shares = np.nansum(audio.shares.astype(float), 1) + np.nansum(visual.shares.astype(float), 1)
    assert shares == pytest.approx(1, abs=0.01)
    assert audio.shares.shape[1] == len(audio.seconds) != visual.shares.shape[1] == len(visual.seconds)
    assert np.isnan(audio.shares).any()  # concerts differ in length
    assert trained.folder.attention("val").name == "attention_val.npz"
    assert trained.folder.attention("val").exists()
    scored = evaluate(f"checkpoint={trained.folder.best}", "attention=true")
    again = read_attention(scored.folder.attention("test"))
    np.testing.assert_array_equal(again.row, told.row)
    for name, track in told.tracks.items():
        np.testing.assert_array_equal(again.tracks[name].shares, track.shares)
        np.testing.assert_array_equal(again.tracks[name].seconds, track.seconds)


def test_attention_is_not_kept_unasked(train):
    assert not train(folder="a").folder.attention("test").exists()


def test_a_run_records_the_precision_that_it_used_and_evaluation_takes_it(
    train, tmp_path, monkeypatch, cache
):
    monkeypatch.setattr("avqa_lit.config.precision._cpu_has_bfloat16", lambda: True)
    done = train("trainer.precision=auto", "trainer.accelerator=cpu", folder="run")
    assert done.config["trainer"]["precision"] == "auto"
    assert done.results.precision == "bf16-mixed"
    monkeypatch.setattr(
        "sys.argv", ["evaluate", f"checkpoint={done.folder.best}", f"paths.cache={cache}", "display=false"]
    )
    main()
    (scored,) = (tmp_path / "runs/evaluate").iterdir()
    again = read_run(scored)
    assert again.results.precision == "bf16-mixed"
    assert again.predictions("test") == done.predictions("test")


def test_a_checkpoint_that_knows_no_answer_of_the_data_is_refused(train, tmp_path, refused):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    answers = checkpoint["avqa_lit"]["answers"]
    strange = ["TWO", *(f"strange{number}" for number in range(1, len(answers)))]
    checkpoint["avqa_lit"]["answers"] = strange
    checkpoint["avqa_lit"]["spec"]["answer_words"] = ((1,),) * len(strange)  # words that questions have not
    torch.save(checkpoint, tmp_path / "strange.ckpt")
    message = refused(f"checkpoint={tmp_path / 'strange.ckpt'}")
    assert "knows 0 of the " in message
    assert "its own are 'TWO', 'strange1'" in message


def test_answers_that_a_checkpoint_does_not_know_are_told(train, evaluate, tmp_path, capsys):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    answers = checkpoint["avqa_lit"]["answers"]
    checkpoint["avqa_lit"]["answers"] = [answers[0].title(), *answers[1:]]
    torch.save(checkpoint, tmp_path / "other.ckpt")
    evaluate(f"checkpoint={tmp_path / 'other.ckpt'}")
    told = capsys.readouterr().out
    assert f"not '{answers[0]}' (known as '{answers[0].title()}')" in told
    assert "questions count as wrong for that" in told
