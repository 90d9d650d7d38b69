"""Scores of the answers of other programs."""

import csv
import json

import pytest

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.evaluate import main


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
def test_what_does_not_go_together_is_refused(overrides, message, refused):
    assert message in refused(*overrides)


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
def test_a_file_without_any_known_answer_is_not_scored(write_answers, tmp_path, answer, refused):
    path = write_answers("x.json", lambda row, truth: answer)
    message = refused(f"predictions={path}", *SAME)
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


def test_a_file_in_no_known_form_is_refused_where_it_was_named(write_answers, tmp_path, refused):
    path = write_answers("x.json", lambda row, truth: truth)
    (tmp_path / "notes.txt").write_text("not answers")
    message = refused(f"predictions=[{path},{tmp_path / 'notes.txt'}]", *SAME)
    assert "is in none of the known forms" in message
    assert not (tmp_path / "elsewhere" / "runs").exists()


def test_spellings_are_for_given_answers_alone(refused):
    assert "answers.normalise=all: is for the answers of another program" in refused(
        "checkpoint=x.ckpt", "answers.normalise=all"
    )
