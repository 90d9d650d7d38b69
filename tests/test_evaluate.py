"""Scores of a checkpoint, wherever it lies and whatever it is scored on."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.evaluate import main

SLOTS = ("model=answer_slots", "model.dim=12", "model.heads=3", "model.hidden=17")


@pytest.fixture
def evaluate(tmp_path, monkeypatch, cache):
    """Evaluates by command line in a new folder and returns what it left there."""

    def of(*overrides):
        here = tmp_path / "elsewhere"
        here.mkdir()
        monkeypatch.chdir(here)
        monkeypatch.setattr("sys.argv", ["evaluate", f"paths.cache={cache}", "display=false", *overrides])
        main()
        (folder,) = (here / "runs" / "evaluate").iterdir()
        return read_run(folder)

    return of


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


def refused(evaluate, capsys, *overrides):
    with pytest.raises(SystemExit) as stopped:
        evaluate(*overrides)
    assert stopped.value.code == 1
    message = capsys.readouterr().err.replace(f"{Path.cwd()}/", "")  # paths are told in full
    assert message.startswith("error: ")
    assert "Traceback" not in message
    return message


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
def test_keys_of_the_checkpoints_own_data_are_checked(train, evaluate, capsys, override, message):
    trained = train(folder="a")
    assert message in refused(evaluate, capsys, f"checkpoint={trained.folder.best}", override)


def test_a_checkpoint_that_names_foreign_classes_is_refused(train, evaluate, tmp_path, capsys):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    checkpoint["avqa_lit"]["config"]["model"]["_target_"] = "subprocess.run"
    torch.save(checkpoint, tmp_path / "foreign.ckpt")
    assert "'subprocess.run'" in refused(evaluate, capsys, f"checkpoint={tmp_path / 'foreign.ckpt'}")


def test_what_is_no_checkpoint_of_ours_is_refused(evaluate, tmp_path, capsys):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    assert "expected a checkpoint written by" in refused(
        evaluate, capsys, f"checkpoint={tmp_path / 'other.ckpt'}"
    )


def test_a_torn_checkpoint_is_refused(evaluate, tmp_path, capsys):
    torch.save({"weights": torch.zeros(1000)}, tmp_path / "whole.ckpt")
    (tmp_path / "torn.ckpt").write_bytes((tmp_path / "whole.ckpt").read_bytes()[:700])
    assert "is damaged" in refused(evaluate, capsys, f"checkpoint={tmp_path / 'torn.ckpt'}")


def test_a_missing_checkpoint_is_named(evaluate, capsys):
    assert "checkpoint=nowhere.ckpt: no such file" in refused(evaluate, capsys, "checkpoint=nowhere.ckpt")


def test_features_of_other_encoders_are_refused(train, evaluate, tmp_path, capsys, cache):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    checkpoint["avqa_lit"]["spec"]["tracks"]["audio"]["row_shape"] = (7,)
    torch.save(checkpoint, tmp_path / "other_width.ckpt")
    message = refused(evaluate, capsys, f"checkpoint={tmp_path / 'other_width.ckpt'}")
    assert "row_shape=(7,)" in message
    assert "same encoders" in message


def test_a_split_that_is_none_is_refused(train, evaluate, capsys):
    trained = train(folder="a")
    assert "no tset split; it has train, val, test" in refused(
        evaluate, capsys, f"checkpoint={trained.folder.best}", "split=tset"
    )


def test_results_can_be_read_as_plain_json(train):
    trained = train(folder="a")
    assert json.loads(trained.folder.results.read_text())["schema"] == 1


def test_predictions_of_a_run_score_as_the_run_did(train, evaluate, tmp_path):
    trained = train(folder="a")
    rows = trained.predictions()
    table = tmp_path / "answers.csv"
    table.write_text(
        "question_id,answer\n" + "".join(f"{r['question_id']},{r['prediction']}\n" for r in rows)
    )
    scored = evaluate(f"predictions={table}", "data=synthetic", "data.videos=40")
    for name, value in scored.results.metrics.items():
        assert value == pytest.approx(trained.results.metrics[name], abs=1e-12), name
    tests = {name: count for name, count in trained.results.counts.items() if name.startswith("test/")}
    assert scored.results.counts == tests
    assert scored.results.unseen_answers["test"] == trained.results.unseen_answers["test"]
    assert scored.results.unknown_answers == {"test": 0}
    assert scored.results.data.checksum == trained.results.data.checksum
    kept = (
        "row",
        "question_id",
        "video_id",
        "category",
        "template",
        "question",
        "answer",
        "prediction",
        "prior",
    )
    assert [[row[name] for name in kept] for row in scored.predictions()] == [
        [row[name] for name in kept] for row in rows
    ]


def test_predictions_of_a_run_are_read_as_they_lie(train, evaluate):
    trained = train(folder="a")
    file = trained.folder.predictions("test")
    scored = evaluate(f"predictions={file}", "data=synthetic", "data.videos=40")
    assert [row["prediction"] for row in scored.predictions()] == [
        row["prediction"] for row in trained.predictions()
    ]


def test_answers_that_match_none_are_counted_and_told(train, evaluate, tmp_path, capsys):
    trained = train(folder="a")
    rows = trained.predictions()
    answers = [{"row": row["row"], "answer": "A Drum" if row["row"] < 3 else row["answer"]} for row in rows]
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    scored = evaluate(f"predictions={tmp_path / 'answers.json'}", "data=synthetic", "data.videos=40")
    assert scored.results.unknown_answers == {"test": 3}
    right = sum(count.correct for count in scored.results.counts.values())
    assert right == len(rows) - 3 == sum(row["answer"] == row["prediction"] for row in scored.predictions())
    assert scored.predictions()[0]["given"] == "A Drum"
    told = capsys.readouterr().out
    assert f"3 of {len(rows)} answers match none of the " in told
    assert "and count as wrong: 'A Drum'; expected answers such as " in told


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "neither checkpoint nor predictions has a value: give checkpoint=PATH"),
        (["predictions=a.csv"], "say which questions it answers, with data=music_avqa data.raw=DIR"),
        (["predictions=a.csv", "checkpoint=b"], "checkpoint=b together with predictions=a.csv"),
        (["predictions=a.csv", "drop=audio"], "drop=audio together with predictions=a.csv"),
        (["predictions=a.csv", "attention=true"], "attention=True together with predictions=a.csv"),
        (["predictions=a.csv", "data=synthetic"], "data.videos has no value: give data.videos=N"),
        (["predictions=a.csv", "data=synthetic", "data.videos=40"], "a.csv: no such file of answers"),
    ],
)
def test_what_does_not_go_together_is_refused(evaluate, capsys, overrides, message):
    assert message in refused(evaluate, capsys, *overrides)


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


@pytest.fixture
def write_answers(tmp_path, cache):
    """Writes answers to the embedded test questions, each a function of the row and the true answer."""
    questions = SyntheticConcerts(seed=0, videos=40, questions_per_video=30, noise=0.1)
    asked = questions.annotated("test", cache=cache).asked

    def write(name, change):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({one.question_id: change(one.row, one.answer) for one in asked}))
        return path

    return write


SAME = ("data=synthetic", "data.videos=40", "data.seed=0", "data.questions_per_video=30", "data.noise=0.1")


@pytest.mark.parametrize("answer", ["8", "Yes.", "a drum"])
def test_a_file_without_any_known_answer_is_not_scored(evaluate, write_answers, tmp_path, capsys, answer):
    path = write_answers("x.json", lambda row, truth: answer)
    message = refused(evaluate, capsys, f"predictions={path}", *SAME)
    assert f"answers is known, so nothing is scored: '{answer}'" in message
    assert "expected answers such as " in message
    assert not (tmp_path / "elsewhere" / "runs").exists()


def test_free_text_is_read_where_that_is_asked_for(evaluate, write_answers, capsys):
    texts = ["{}", "{}.", "I hear {}"]
    path = write_answers("x.json", lambda row, truth: texts[2 if row == 0 else row % 2].format(truth.title()))
    (heard,) = [text for text in json.loads(path.read_text()).values() if text.startswith("I hear")]
    alias = heard.removeprefix("I hear ").lower()
    asked_for = ("answers.normalise=all", f"answers.aliases={{{heard}:{alias}}}")
    scored = evaluate(f"predictions={path}", *SAME, *asked_for)
    assert scored.results.metrics["test/acc/overall"] == 1
    rows = scored.predictions()
    assert rows[0]["given"] == heard
    with_stop = sum(row["row"] % 2 for row in rows)
    counts = scored.results.predictions.normalised
    assert counts == {"alias": 1, "case": len(rows) - 1, "punctuation": with_stop}
    assert f"punctuation {with_stop}" in capsys.readouterr().out


def test_several_files_make_a_leaderboard(evaluate, write_answers, tmp_path, monkeypatch, capsys):
    write_answers("given/half.json", lambda row, truth: truth if row % 2 else "no")
    write_answers("given/best.json", lambda row, truth: truth if row % 5 else "no")
    (tmp_path / "given" / "notes.txt").write_text("not answers")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    cache = f"paths.cache={tmp_path / 'cache'}"
    monkeypatch.setattr("sys.argv", ["evaluate", f"predictions={tmp_path / 'given'}", cache, *SAME])
    main()
    printed = capsys.readouterr().out
    assert "notes.txt is left out, since it is no file of answers" in printed
    (folder,) = (tmp_path / "elsewhere" / "runs" / "evaluate").iterdir()
    runs = [read_run(path) for path in sorted(folder.glob("0*"))]
    assert [run.results.predictions.name for run in runs] == ["best.json", "half.json"]
    gap = runs[0].results.metrics["test/acc/overall"] - runs[1].results.metrics["test/acc/overall"]
    (row,) = csv.DictReader((folder / "tables" / "differences.csv").read_text().splitlines())
    assert (row["Better"], row["Than"]) == ("answers in best.json", "answers in half.json")
    assert float(row["Difference"]) == pytest.approx(gap)
    assert float(row["95% from"]) < gap < float(row["to"])
    assert f"{100 * gap:+.2f}" in printed
    page, text = (folder / f"leaderboard.{kind}" for kind in ("html", "md"))
    for written in (page, text, folder / "tables" / "differences.tex"):
        assert "Differences in overall accuracy, in points, of every pair" in written.read_text("utf-8")
    assert (folder / "tables" / "accuracy.tex").exists()


def test_a_file_in_no_known_form_is_refused_where_it_was_named(evaluate, write_answers, tmp_path, capsys):
    path = write_answers("x.json", lambda row, truth: truth)
    (tmp_path / "notes.txt").write_text("not answers")
    message = refused(evaluate, capsys, f"predictions=[{path},{tmp_path / 'notes.txt'}]", *SAME)
    assert "is in none of the known forms" in message
    assert not (tmp_path / "elsewhere" / "runs").exists()


def test_a_checkpoint_that_knows_no_answer_of_the_data_is_refused(train, evaluate, tmp_path, capsys):
    trained = train(folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    answers = checkpoint["avqa_lit"]["answers"]
    strange = ["TWO", *(f"strange{number}" for number in range(1, len(answers)))]
    checkpoint["avqa_lit"]["answers"] = strange
    checkpoint["avqa_lit"]["spec"]["answer_words"] = ((1,),) * len(strange)  # words that questions have not
    torch.save(checkpoint, tmp_path / "strange.ckpt")
    message = refused(evaluate, capsys, f"checkpoint={tmp_path / 'strange.ckpt'}")
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


def test_spellings_are_for_given_answers_alone(evaluate, capsys):
    assert "answers.normalise=all: is for the answers of another program" in refused(
        evaluate, capsys, "checkpoint=x.ckpt", "answers.normalise=all"
    )
