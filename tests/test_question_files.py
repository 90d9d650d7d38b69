"""Features of questions and of prompts beside them, from files and from encoders, through whole runs."""

import json
import re
import shutil
import sys

import numpy as np
import pytest
import torch
from torch import nn

from avqa_lit import evaluate as evaluate_command
from avqa_lit import predict as predict_command
from avqa_lit import prepare as prepare_command
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.batch import ModelOutput
from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.needs import ModelNeeds

SPLITS = ("train", "val", "test")
TRUST = "trust=[mylab.ReadsTexts]"
LEARNING = ("trainer.max_epochs=30", "optimizer.lr=0.3", "schedule=constant", "loss.kl.weight=0")


class ReadsTexts(nn.Module):
    """A user's model that reads nothing but texts."""

    @classmethod
    def needs(cls, *, texts, **options):
        return ModelNeeds(tracks=("audio",), texts=texts)

    def __init__(self, spec, *, texts, question=None, **options):
        super().__init__()
        widths = [width for text in spec.texts.values() for width in (text.sentence, text.tokens)]
        self.answer = nn.Linear(sum(widths), spec.answers)

    def forward(self, batch):
        parts = []
        for text in batch.texts.values():
            if text.sentence is not None:
                parts.append(text.sentence)
            if text.tokens is not None:
                parts.append(text.tokens.sum(dim=1) / text.mask.sum(dim=1, keepdim=True))
        return ModelOutput(self.answer(torch.cat(parts, dim=-1)))


@pytest.fixture(autouse=True)
def mylab(monkeypatch):
    monkeypatch.setitem(sys.modules, "mylab", sys.modules[__name__])


@pytest.fixture
def raw(tmp_path):
    """Exported concerts whose questions are answered with two words, and told as statements."""
    folder = SyntheticConcerts(seed=0, videos=20, questions_per_video=3, noise=0.2).export_to(
        tmp_path / "raw"
    )
    for split in SPLITS:
        file = folder / f"json/avqa-{split}.json"
        rows = json.loads(file.read_text("utf-8"))
        for row in rows:
            row["anser"] = ("yes", "no")[row["question_id"] * 7 % 5 % 2]
            row["told"] = f"The answer is {row['anser']}."
        file.write_text(json.dumps(rows), "utf-8")
    return folder


@pytest.fixture
def rows(raw):
    return [
        row for split in SPLITS for row in json.loads((raw / f"json/avqa-{split}.json").read_text("utf-8"))
    ]


@pytest.fixture
def published(tmp_path, rows):
    """Features in files, each of which gives away the answers of a third of the questions.

    A sentence vector has float16 and the shape [1, dim], states of tokens have rows of zeros behind them.
    """
    for third, name in enumerate(("sentences", "words", "prompts")):
        (tmp_path / name).mkdir()
        for row in rows:
            told = np.zeros((1, 3), np.float16)
            told[0, 2] = 1
            if row["question_id"] % 3 == third:
                told[0, row["anser"] == "yes"] = 4
            if name == "words":
                told = np.concatenate([told, told, np.zeros((75, 3))]).astype(np.float32)
            np.save(tmp_path / name / f"{row['question_id']}.npy", told)
    return tmp_path


@pytest.fixture
def train_on(train, raw):
    """Trains a model that reads these texts on the exported concerts by command line."""

    def of(*overrides, texts, folder="run"):
        listed = ",".join(f"{text}:[{','.join(parts)}]" for text, parts in texts.items())
        return train(
            "model=question_only", "model._target_=mylab.ReadsTexts", f"+model.texts={{{listed}}}",
            "data=music_avqa", f"data.raw={raw}",
            "data.audio.encoder=synthetic_audio", "data.audio.seconds_per_row=0.96", "data.visual=null",
            *LEARNING, *overrides, folder=folder,
        )  # fmt: skip

    return of


@pytest.fixture
def evaluated(monkeypatch, tmp_path, cache):
    """Scores a checkpoint by command line."""

    def of(run, *overrides):
        places = (f"paths.cache={cache}", f"paths.runs={tmp_path / 'scored'}", "display=false")
        command = ["evaluate", f"checkpoint={run.folder.best}", TRUST, *places, *overrides]
        monkeypatch.setattr("sys.argv", command)
        evaluate_command.main()
        (folder,) = (tmp_path / "scored/evaluate").iterdir()
        return read_run(folder).results

    return of


@pytest.fixture
def predict(monkeypatch, cache, rows, capsys):
    """Asks about a test video by command line; what was printed."""

    def of(run, question):
        places = (f"paths.cache={cache}", "display=false", f"video_id={rows[-1]['video_id']}")
        monkeypatch.setattr(
            "sys.argv",
            ["predict", f"checkpoint={run.folder.best}", TRUST, f"question={question}", *places],
        )
        predict_command.main()
        return capsys.readouterr().out

    return of


def weights(run):
    return torch.load(run.folder.best, weights_only=True)["state_dict"]


FILES = ("question=files", "question.sentence=sentences", "question.tokens=words", "prompt=files",
         "prompt.sentence=prompts")  # fmt: skip
ALL = {"question": ["sentence", "tokens"], "prompt": ["sentence"]}


@pytest.mark.slow
def test_questions_and_prompts_from_files(train_on, evaluated, published):
    run = train_on(*FILES, texts=ALL)
    assert run.results.metrics["test/acc/overall"] == 1.0  # each file stands at its own question
    encoders = run.results.data.encoders
    assert re.fullmatch(r"sentences_words-[0-9a-f]{12}", encoders["question"])
    assert re.fullmatch(r"prompts-[0-9a-f]{12}", encoders["prompt"])
    again = train_on(*FILES, texts=ALL, folder="again")
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(run).items())
    scored = evaluated(run)
    assert scored.metrics["test/acc/overall"] == 1.0
    assert scored.data.encoders == encoders


@pytest.mark.slow
def test_files_that_have_moved_since_training_are_named_to_evaluate(train_on, evaluated, published, capsys):
    run = train_on(*FILES, texts=ALL)
    for name in ("sentences", "words", "prompts"):
        (published / name).rename(published / f"{name}_moved")
    with pytest.raises(SystemExit):
        evaluated(run)
    assert "sentences: no such folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluated(run, "question._target_=avqa_lit.data.hashing.HashingEncoder")
    assert "the encoder is that of checkpoint=" in capsys.readouterr().err
    moved = [
        f"question.{part}={name}_moved" for part, name in (("sentence", "sentences"), ("tokens", "words"))
    ]
    assert evaluated(run, *moved, "prompt.sentence=prompts_moved").metrics["test/acc/overall"] == 1.0


@pytest.mark.slow
def test_prepare_packs_what_training_reads(train_on, raw, published, monkeypatch):
    monkeypatch.chdir(published)
    data = ("data=music_avqa", f"data.raw={raw}", "data.audio.encoder=synthetic_audio",
            "data.audio.seconds_per_row=0.96", "data.visual=null", "display=false")  # fmt: skip
    monkeypatch.setattr("sys.argv", ["prepare", *data, *FILES])
    prepare_command.main()
    monkeypatch.setattr("avqa_lit.data.named_arrays.NamedArrays.read", None)
    assert train_on(*FILES, texts=ALL).results.state == "finished"


@pytest.mark.slow
def test_what_is_masked_as_padding_counts_where_published_code_has_it(train_on, published):
    run = train_on(*FILES, "question.padding=none", texts=ALL)
    assert run.results.metrics["test/loss"] > 0
    (kept,) = (published / "raw_store").glob("*/tokens_files-*.npy")
    assert len(np.load(kept)) % 77 == 0


@pytest.mark.slow
def test_prompts_of_the_annotations_are_encoded(train_on, evaluated):
    run = train_on("question=hashing", "question.dim=32", "prompt=hashing", "prompt.dim=16",
                   "data.fields.prompt=told",
                   texts={"question": ["sentence"], "prompt": ["tokens", "sentence"]})  # fmt: skip
    assert run.results.metrics["test/acc/overall"] == 1.0
    assert run.results.data.encoders["prompt"] == "hashing_16"
    store = run.folder.path.parent / "raw_store"
    (kept,) = store.glob("*/prompt_text_hashing_16.npy")
    assert len(np.load(kept)) == 2  # each distinct prompt once
    assert evaluated(run).counts == {
        name: count for name, count in run.results.counts.items() if name.startswith("test/")
    }


@pytest.mark.slow
def test_a_question_of_ones_own_has_no_file_unless_it_is_named_after_its_text(
    train_on, published, predict, capsys
):
    run = train_on(*FILES[:2], texts={"question": ["sentence"]})
    with pytest.raises(SystemExit):
        predict(run, "Is it loud?")
    assert re.search(
        r"question=Is it loud\?: the model reads features of questions from files, which hold those of "
        r"published questions alone; to ask one's own, train with an encoder such as question=clip",
        capsys.readouterr().err,
    )


@pytest.mark.slow
def test_a_published_question_is_found_by_its_text(train_on, tmp_path, rows, predict, capsys):
    (tmp_path / "texts").mkdir()
    with pytest.raises(SystemExit):
        train_on("question=files", "question.sentence=texts", "question.files={text}.npy",
                 texts={"question": ["sentence"]})  # fmt: skip
    texts = re.findall(r"text '(.*?)': ", capsys.readouterr().err)
    assert len(texts) == 5  # the first of the missing ones
    for split in SPLITS:
        for question in read_annotations(tmp_path / f"raw/json/avqa-{split}.json"):
            np.save(tmp_path / "texts" / f"{question.text}.npy", np.ones(3))
    run = train_on("question=files", "question.sentence=texts", "question.files={text}.npy",
                   texts={"question": ["sentence"]})  # fmt: skip
    assert f": {question.text}" in predict(run, question.text)


@pytest.mark.slow
def test_a_model_that_reads_prompts_answers_no_question_of_ones_own(train_on, predict, capsys):
    run = train_on("prompt=hashing", "data.fields.prompt=told", texts={"prompt": ["sentence"]})
    with pytest.raises(SystemExit):
        predict(run, "Is it loud?")
    assert re.search(
        r"the model reads a prompt beside each question, which published questions alone have; to ask",
        capsys.readouterr().err,
    )


def test_texts_that_nothing_gives_are_refused_before_any_data_are_read(train_on, raw, capsys):
    shutil.rmtree(raw)
    with pytest.raises(SystemExit):
        train_on("question=files", texts={"question": ["sentence"]})
    assert "error: the model reads sentence vectors of the question, and question.sentence is null" in (
        capsys.readouterr().err
    )
