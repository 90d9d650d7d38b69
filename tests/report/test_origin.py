import json

import pytest

from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.cost import questions_per_second
from avqa_lit.report.opponents import opponents
from avqa_lit.report.provenance import command
from avqa_lit.report.table import build_table
from avqa_lit.report.verdict import findings


def read(*sweeps):
    return sets_of(collect([sweep.write() for sweep in sweeps]).results)


def test_another_programs_answers_are_a_row_and_no_candidate(fake):
    sweep, later = fake().grid(norms=("pre",)), fake("evaluate")
    later.difficulty = sweep.difficulty
    later.score("given", skill=0.9, predictions={"file": "/home/me/theirs.tsv", "sha256": "ab"})
    (test_set,) = read(sweep, later)
    assert [one.label for one in test_set.configurations][3:] == ["answers in theirs.tsv"]
    assert test_set.keys == ("loss.kl.weight",)
    assert "among 3 configurations: KL weight 0.1" in findings(test_set)[0].lead
    assert [one.lead for one in opponents(test_set)] == ["It falls behind the answers in theirs.tsv."]
    (row,) = build_table(test_set).scored
    assert (row.kind, row.detail, row.val.value) == ("scored", "answers of another program", None)
    assert all(cell.is_best for cell in row.cells)
    assert command(test_set.results[3]).startswith(
        "python -m avqa_lit.evaluate predictions=/home/me/theirs.tsv  # data as in "
    )


def test_a_checkpoint_without_one_modality_stands_beside_its_training(fake):
    sweep, later = fake().grid(norms=("pre",), weights=(0.0, 0.1)), fake("evaluate")
    config = later.config(weight=0.1, norm="pre", seed=0)
    elsewhere = config["data"] | {"raw": "/where/else"}
    for drop in ("audio", "visual"):
        scored = {**config, "data": elsewhere, "checkpoint": "/x/best.ckpt", "drop": drop, "split": "test"}
        later.score(drop, skill=0.4, config=scored, checkpoint="/x/best.ckpt", drop=drop)
    (test_set,) = read(sweep, later)
    assert [one.label for one in test_set.configurations] == [
        "KL weight 0",
        "KL weight 0.1",
        "KL weight 0.1 · drop audio",
        "KL weight 0.1 · drop visual",
    ]
    assert test_set.trained.keys == ("loss.kl.weight",)
    assert [row.detail for row in build_table(test_set).scored] == ["checkpoint scored again"] * 2
    assert questions_per_second(test_set.results[0]) == pytest.approx(1709 * 5 / 31.7)
    assert questions_per_second(test_set.results[2]) is None


def test_a_scoring_of_the_same_checkpoint_counts_once_and_leaves_its_attention(fake):
    sweep, later = fake(), fake("evaluate")
    sweep.add("a", weight=0.1)
    later.difficulty, later.rng = sweep.difficulty, sweep.rng
    marks = sweep.marks(0.6, luck=0)
    for one, add in ((sweep, sweep.add), (later, later.score)):
        add("same", weight=0.3, marks=marks, **({} if one is sweep else {"checkpoint": "/x/best.ckpt"}))
    later.attend("same")
    found = collect([later.write(), sweep.write()])
    assert [result.origin for result in found.results] == ["training", "training"]
    assert "evaluate/same repeats" in found.notes[0]
    assert found.results[1].attention.parent.parent.name == "evaluate"


def test_the_last_checkpoint_is_another_row_than_the_best(fake):
    sweep, later = fake(), fake("evaluate")
    sweep.add("a")
    later.score("a", checkpoint="/x/checkpoints/last.ckpt")
    (test_set,) = read(sweep, later)
    assert [one.label for one in test_set.configurations] == ["as trained", "checkpoint last"]


def test_a_scoring_without_a_config_is_named_by_its_checkpoint(fake):
    sweep, later = fake(), fake("evaluate")
    sweep.add("a")
    run = later.score("b", checkpoint="/x/best.ckpt", drop="audio")
    (run / "config.yaml").unlink()
    (test_set,) = read(sweep, later)
    assert [one.label for one in test_set.configurations] == [
        "The trained configuration",
        "checkpoint /x/best.ckpt · drop audio",
    ]


def test_scorings_alone_make_a_report_without_a_choice(fake):
    later = fake("evaluate")
    later.score("given", predictions={"file": "theirs.tsv", "sha256": "ab"})
    (test_set,) = read(later)
    assert test_set.trained is None
    assert not test_set.was_chosen_on_val
    assert findings(test_set)[0].lead == "answers in theirs.tsv."


def test_a_scoring_of_val_is_told_and_left_out(fake):
    sweep = fake()
    run = sweep.score("a", checkpoint="/x/best.ckpt")
    content = json.loads((run / "results.json").read_text("utf-8"))
    content["counts"] = {name.replace("test/", "val/"): one for name, one in content["counts"].items()}
    (run / "results.json").write_text(json.dumps(content), "utf-8")
    (job,) = collect([sweep.write()]).unfinished
    assert "scored on val; only scores of the test split are compared" in job.reason


def test_data_is_told_apart_by_its_keys_before_its_checksum(fake):
    sweeps = [fake("one"), fake("two", checksum="beef")]
    for sweep, encoder in zip(sweeps, ("clip", "resnet"), strict=True):
        config = sweep.config(weight=0.0, norm="pre", seed=0)
        sweep.add("a", config=config | {"data": config["data"] | {"visual": {"encoder": encoder}}})
    (test_set,) = read(*sweeps)
    assert [one.label for one in test_set.configurations] == [
        "data.visual.encoder clip",
        "data.visual.encoder resnet",
    ]
