"""The whole way of one run, from the command line to its files."""

import json
import os
import signal

import pytest
import torch
import yaml

from avqa_lit.artifacts.results import Marks
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.data.synthetic.encoders import AUDIO_SECONDS, VISUAL_SECONDS
from avqa_lit.taxonomy import MUSIC_AVQA
from avqa_lit.training.step_seed import StepSeed


def weights(run):
    return torch.load(run.folder.best, weights_only=True)["state_dict"]


def assert_same_weights(one, other):
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_begins_with_what_it_understood(train, capsys):
    train("display=true", "trainer.max_epochs=1", folder="a")
    head = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert head[0].startswith("data in ")
    assert head[1].split() == ["split", "questions", "videos", "dropped"]
    assert [line.split()[0] for line in head[2:5]] == ["train", "val", "test"]
    assert [line.split()[:4] for line in head[6:8]] == [
        ["audio", "synthetic_audio", "64", "float16"],
        ["visual", "synthetic_visual", "3x56", "float16"],
    ]
    assert any(line.startswith("answers: train gives ") for line in head)
    assert head[-1] == "1 thread: trainer.threads=1"


def test_a_train_file_that_is_the_test_file_is_refused_unless_that_is_meant(train, tmp_path, capsys):
    from avqa_lit.data.synthetic.concerts import SyntheticConcerts

    raw = tmp_path / "raw"
    source = SyntheticConcerts(seed=3, videos=10, questions_per_video=2, noise=0.2)
    source.export_to(raw)
    given = (
        "data=music_avqa", f"data.raw={raw}", "data.annotations.train=json/avqa-test.json",
        "data.audio.encoder=synthetic_audio", "data.visual.encoder=synthetic_visual", "trainer.max_epochs=1",
        "data.audio.seconds_per_row=0.96", "data.visual.seconds_per_row=3.0",
    )  # fmt: skip
    with pytest.raises(SystemExit):
        train(*given, folder="a")
    message = capsys.readouterr().err
    assert "test questions are trained on as well" in message
    assert "Traceback" not in message
    allowed = train(*given, "allow_overlap=true", folder="b")
    assert allowed.results.state == "finished"


def test_a_run_leaves_the_files_of_the_contract(train):
    done = train(folder="a")
    results = done.results
    assert results.state == "finished"
    assert results.world_size == results.threads == 1
    assert results.best_epoch in (0, 1)
    assert "trainer.max_epochs=2" in results.overrides
    assert results.unseen_answers.keys() == {"val", "test"}
    for split in ("val", "test"):
        counts = {name: results.counts[f"{split}/{name}"] for name in MUSIC_AVQA.names}
        rows = done.predictions(split)
        assert [row["row"] for row in rows] == list(range(results.data.questions[split]))
        for name, count in counts.items():
            own = [row for row in rows if row["category"] == name]
            right = sum(row["prediction"] == row["answer"] for row in own)
            assert count == Marks(correct=right, total=len(own))
        right = sum(count.correct for count in counts.values())
        assert results.metrics[f"{split}/acc/overall"] == right / len(rows)
        assert 0 < results.metrics[f"{split}/prior/acc/overall"] < 1
    logged = [row for row in done.metrics if "val/acc/overall" in row]
    assert [row["epoch"] for row in logged] == [0, 1]
    best = logged[results.best_epoch]["val/acc/overall"]
    assert best == max(row["val/acc/overall"] for row in logged)
    assert best == pytest.approx(results.metrics["val/acc/overall"])
    assert done.config["trainer"]["max_epochs"] == 2
    assert yaml.safe_load(done.folder.config.read_text()) == done.config
    assert done.folder.last.exists()
    assert len(done.folder.timing.read_text().splitlines()) == 3


def test_the_same_config_gives_the_same_bits_and_another_seed_does_not(train):
    first, second, other = train(folder="a"), train(folder="b"), train("seed=1", folder="c")
    assert_same_weights(first, second)
    assert first.folder.metrics.read_text() == second.folder.metrics.read_text()
    assert first.results.key == second.results.key != other.results.key
    assert any(not torch.equal(weights(first)[name], weights(other)[name]) for name in weights(first))


@pytest.mark.slow
@pytest.mark.parametrize(("embedded", "official"), [
    ((), ()), (("data.views=[poor,dark]",), ("data.views={poor:feats_poor,dark:feats_dark}",)),
], ids=["clean", "views"])  # fmt: skip
def test_exported_data_prepared_again_trains_to_the_same_bits(
    train, tmp_path, monkeypatch, cache, embedded, official
):
    from avqa_lit.prepare import main

    raw = tmp_path / "exported"
    options = [f"data.export={raw}", f"paths.cache={cache}", "display=false"]
    command = ["prepare", "data.videos=40", *embedded, *options]
    monkeypatch.setattr("sys.argv", command)
    main()
    exported = json.loads((raw / "json" / "avqa-train.json").read_text())
    assert {"video_id", "question_id", "type", "question_content", "templ_values", "anser"} <= set(
        exported[0]
    )
    direct = train(*embedded, folder="a")
    encoders = direct.results.data.encoders
    from_disk = train(
        "data=music_avqa", f"data.raw={raw}", f"data.audio.encoder={encoders['audio']}",
        f"data.visual.encoder={encoders['visual']}", f"data.audio.seconds_per_row={AUDIO_SECONDS}",
        f"data.visual.seconds_per_row={VISUAL_SECONDS}", *official, folder="b",
    )  # fmt: skip
    assert direct.results.data.checksum == from_disk.results.data.checksum
    assert_same_weights(direct, from_disk)
    assert direct.results.counts == from_disk.results.counts


def test_prepare_tells_what_each_view_changes(tmp_path, monkeypatch, cache, capsys):
    from avqa_lit.prepare import main

    options = ["data.videos=40", "data.views=[poor,dark]", f"paths.cache={cache}", "display=false"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["prepare", *options])
    main()
    *_, poor, dark = capsys.readouterr().out.splitlines()
    assert poor == "  view poor: audio and visual of its own"
    assert dark == "  view dark: visual of its own"


def test_a_loss_term_that_was_not_chosen_is_told_how_to_be(train, capsys):
    with pytest.raises(SystemExit):
        train("loss=[cca]", "loss.kl.weight=1", folder="a")
    message = capsys.readouterr().err
    assert "error: loss.kl is not among the loss terms of this run" in message
    assert "loss=[kl], or with model=avst loss=[matching,kl]" in message


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("model=answer_slots", "model.channel=3"), "did you mean model.channels?"),
        (("data=music_avqa", "data.mising=drop"), "did you mean data.missing?"),
    ],
)
def test_a_mistyped_key_is_told_the_nearest_of_what_was_chosen(train, capsys, overrides, message):
    with pytest.raises(SystemExit):
        train(*overrides, folder="a")
    assert message in capsys.readouterr().err


def test_every_term_that_is_on_is_reported_and_trains_from_its_start_epoch(train):
    on = ("kl", "info_nce", "cca", "soft_dtw")
    done = train(*(f"loss.{name}.weight=0.1" for name in on), "loss.cca.start_epoch=1", folder="a")
    for split in ("val", "test"):
        names = {name for name in done.results.metrics if name.startswith(f"{split}/loss/")}
        assert names == {f"{split}/loss/{name}" for name in ("answer", *on)}
    for epoch, expected in ((0, {"answer", *on} - {"cca"}), (1, {"answer", *on})):
        rows = [row for row in done.metrics if row["epoch"] == epoch]
        logged = {name for row in rows for name in row if name.startswith("train/loss/")}
        assert logged == {f"train/loss/{name}" for name in expected}
        # Evaluation has the same sum in every epoch.
        (row,) = (row for row in rows if "val/loss" in row)
        total = row["val/loss/answer"] + 0.1 * sum(row[f"val/loss/{name}"] for name in on)
        assert row["val/loss"] == pytest.approx(total, rel=1e-5)


@pytest.mark.slow
def test_perturbed_training_is_repeatable_and_is_scored_on_the_clean_view(train):
    perturbed = ("perturbation=all", "perturbation.feature_noise=0.5", "data.views=[poor]")
    one, same, plain = train(*perturbed, folder="a"), train(*perturbed, folder="b"), train(folder="c")
    assert_same_weights(one, same)
    assert one.config["perturbation"]["feature_noise"] == 0.5
    assert any(not torch.equal(weights(one)[name], weights(plain)[name]) for name in weights(one))
    assert one.results.key != plain.results.key


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "data.view=dark",
            "data.view=dark: a run is chosen and tested on the clean view; train on others with",
        ),
        (
            "perturbation.time_mask=-1",
            "perturbation.time_mask=-1: expected a number of 0 or more",
        ),
    ],
)
def test_what_training_cannot_do_is_refused(train, capsys, override, message):
    with pytest.raises(SystemExit):
        train(override, folder="a")
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_a_share_of_the_training_videos_leaves_the_test_questions_whole(train):
    whole, half = (train(f"data.train_share={share}", folder=f"{share}").results for share in (1, 0.5))
    questions = half.data.questions
    assert questions["train"] == pytest.approx(whole.data.questions["train"] / 2, rel=0.1)
    assert questions["test"] == whole.data.questions["test"]
    assert half.data.checksum == whole.data.checksum
    assert half.key != whole.key


@pytest.mark.slow
def test_the_default_model_learns_from_what_it_hears_and_sees(train):
    """A guard of the claim in experiments/modality_ablation, at half its training and with room for luck."""
    metrics = train(
        "data.videos=1000", "trainer.max_epochs=8", "data.batch_size=64", "question.dim=512", "model.dim=128",
        "model.heads=8", "model.blocks=4", "model.hidden=256", folder="a",
    ).results.metrics  # fmt: skip
    assert metrics["test/acc/overall"] > metrics["test/prior/acc/overall"] + 0.12


@pytest.mark.slow
def test_a_run_that_ends_within_accumulated_batches_goes_on_with_the_same_bits(train, monkeypatch):
    settings = (
        "data.batch_size=5", "+trainer.accumulate_grad_batches=3", "trainer.log_every_n_steps=2",
        "model.dropout=0.3", "resume=auto",
    )  # fmt: skip
    whole = train(*settings, folder="whole")
    started = StepSeed.on_train_batch_start

    def told_to_end(callback, trainer, module, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == (1, 6):
            os.kill(os.getpid(), signal.SIGTERM)
        started(callback, trainer, module, batch, batch_idx)

    monkeypatch.setattr(StepSeed, "on_train_batch_start", told_to_end)
    with pytest.raises(SystemExit, match="143"):
        train(*settings, folder="ended")
    monkeypatch.setattr(StepSeed, "on_train_batch_start", started)
    ended = train(*settings, folder="ended")
    assert ended.folder.metrics.read_text() == whole.folder.metrics.read_text()
    assert_same_weights(ended, whole)
    steps = [row["step"] for row in whole.metrics if "train/lr" in row]
    assert steps == sorted(set(steps))


def test_data_with_one_answer_train_to_the_end(train, tmp_path):
    raw = SyntheticConcerts(seed=0, videos=20, questions_per_video=3, noise=0.2).export_to(tmp_path / "raw")
    for file in (raw / "json").iterdir():
        rows = [row | {"anser": "yes"} for row in json.loads(file.read_text("utf-8"))]
        file.write_text(json.dumps(rows), "utf-8")
    run = train(
        "data=music_avqa", f"data.raw={raw}", "data.audio.encoder=synthetic_audio",
        "data.audio.seconds_per_row=0.96", "data.visual.encoder=synthetic_visual",
        "data.visual.seconds_per_row=3.0", "trainer.max_epochs=1", folder="run",
    )  # fmt: skip
    assert run.results.metrics["test/acc/overall"] == run.results.metrics["test/f1/macro"] == 1
