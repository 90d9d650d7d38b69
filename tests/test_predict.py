"""One's own question about one video, from the command line to what is printed and drawn."""

import re

import pytest
import torch

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.predict import main

TINY = ["data.videos=40", "trainer.max_epochs=1", "trainer.threads=1", "model.hidden=17", "question.dim=64",
        "display=false", "logger=none"]  # fmt: skip


def trained_run(folder, cache, *overrides):
    from avqa_lit.train import main

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(
            "sys.argv", ["train", *TINY, f"paths.cache={cache}", *overrides, f"hydra.run.dir={folder}"]
        )
        main()
    return read_run(folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, cache):
    """A tiny run of the default model."""
    return trained_run(
        tmp_path_factory.mktemp("trained"), cache, "model.dim=12", "model.heads=3", "model.blocks=1"
    )


@pytest.fixture
def predict(monkeypatch, cache, capsys):
    """Asks by command line; what was printed, and what was told beside it."""

    def of(*overrides):
        monkeypatch.setattr("sys.argv", ["predict", f"paths.cache={cache}", "display=false", *overrides])
        main()
        return capsys.readouterr()

    return of


def refused(predict, capsys, *overrides):
    with pytest.raises(SystemExit) as stopped:
        predict(*overrides)
    assert stopped.value.code == 1
    return capsys.readouterr().err


def answers(printed):
    return re.findall(r"│ (\S.*?) +│ +([\d.]+) │", printed)


MODELS = {
    "cached": ("model.dim=12", "model.heads=3", "model.blocks=1"),
    "trained on words": (
        "question=lstm",
        "question.embedding=13",
        "model.dim=12",
        "model.heads=3",
    ),
    "cached words": ("model.queries=words", "model.dim=12", "model.heads=3"),
}


@pytest.mark.parametrize("model", MODELS)
def test_a_question_of_the_test_split_gets_the_answers_that_the_run_gave(
    predict, capsys, cache, tmp_path, model
):
    trained = trained_run(tmp_path, cache, *MODELS[model])
    row = trained.predictions()[3]
    capsys.readouterr()
    told = predict(
        f"checkpoint={trained.folder.best}", f"video_id={row['video_id']}", f"question={row['question']}"
    )
    given = answers(told.out)
    assert [name for name, _ in given] == [name for name, _ in row["top5"]]
    assert [float(chance) for _, chance in given] == pytest.approx(
        [100 * chance for _, chance in row["top5"]], abs=0.051
    )
    assert f"{row['video_id']}: {row['question']}" in told.out
    for modality in ("audio", "visual"):
        assert re.search(
            rf"^{modality} +[▁▂▃▄▅▆▇█]+  \d+% of the attention, most at [\d.]+ to", told.out, re.M
        )
    assert told.err == ""


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_attention_is_drawn_in_the_format_of_the_name(trained, predict, tmp_path, ending):
    row = trained.predictions()[0]
    file = tmp_path / "new" / f"look.{ending}"
    question = "How many, if $any$ (or 'all'), are to be heard? " * 4
    told = predict(f"checkpoint={trained.folder.best}", f"video_id={row['video_id']}", f"question={question}",
                   f"figure={file}")  # fmt: skip
    assert file.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending])
    assert str(file) in told.out
    assert "if $any$ (or 'all'), are" in told.out


def test_words_that_training_never_saw_are_told(trained, predict):
    row = trained.predictions()[0]
    first, *rest = row["question"].split()
    asked = " ".join([first.swapcase(), "kazoo", "kazoo", *rest])
    told = predict(f"checkpoint={trained.folder.best}", f"video_id={row['video_id']}", f"question={asked}")
    assert told.err == (
        f"warning: never seen in a training question: {first.swapcase()!r} (seen as {first!r}), 'kazoo'\n"
    )


def test_a_hostile_question_is_shown_and_not_obeyed(trained, predict):
    row = trained.predictions()[0]
    asked = "Is [/] [red]loud[/red] \x1b]0;x\x07 :smile:?"
    told = predict(f"checkpoint={trained.folder.best}", f"video_id={row['video_id']}", f"question={asked}")
    safe = r"Is [/] [red]loud[/red] \x1b]0;x\x07 :smile:?"
    assert told.out.splitlines()[0] == f"{row['video_id']}: {safe}"
    assert not {"\x1b", "\x07"} & set(told.out + told.err)


def test_a_model_without_attention_says_so(predict, cache, tmp_path):
    trained = trained_run(tmp_path, cache, "model=question_only", "loss.kl.weight=0")
    row = trained.predictions()[0]
    told = predict(f"checkpoint={trained.folder.best}", f"video_id={row['video_id']}", "question=Is it loud?",
                   f"figure={tmp_path / 'a.png'}")  # fmt: skip
    assert "this model has no attention over time" in told.out
    assert not (tmp_path / "a.png").exists()


def test_a_video_of_another_store_is_asked_in_the_checkpoints_own_vocabulary(trained, predict):
    own = torch.load(trained.folder.best, weights_only=True)["avqa_lit"]["answers"]
    told = predict(f"checkpoint={trained.folder.best}", "data=synthetic", "data.seed=5", "data.videos=90",
                   "video_id=concert_000077", "question=Is it loud?")  # fmt: skip
    assert {name for name, _ in answers(told.out)} <= set(own)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["video_id=Concert_000005", "question=Is it?"],
            "none of the 40 videos of .* nearest are concert_000005,",
        ),
        (["video_id=x", "question=Is it?"], "the nearest are concert_000000, concert_000001, concert_000002"),
        (["video_id=concert_000005", "question= ?"], r"question=' \?': expected a question in words"),
        (["video_id=concert_000005"], 'question has no value: give question="..." on the command line'),
        (["question=Is it?"], "video_id has no value"),
        (
            ["video_id=a", "question=Is it?", "figure=look.gif"],
            r"figure=.*look\.gif: expected a name that ends in \.png",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(trained, predict, capsys, overrides, message):
    capsys.readouterr()
    error = refused(predict, capsys, f"checkpoint={trained.folder.best}", *overrides)
    assert error.startswith("error: ")
    assert re.search(message, error)
