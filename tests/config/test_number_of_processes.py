"""Results do not depend on the number of processes: counts exactly, losses to float tolerance."""

import numpy as np
import pytest

from avqa_lit.artifacts.attention import read_attention
from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.artifacts.sweep_file import read_sweep
from avqa_lit.config.build import build_losses, build_model
from avqa_lit.config.groups import config_folder
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.run_data import run_data

# Without a learning rate all processes score the same weights.
SCORE_ONLY = ("optimizer.lr=0", "trainer.max_epochs=1", "trainer=ddp_cpu", "hydra.launcher.n_jobs=1")
MODELS = {path.stem for path in (config_folder() / "model").glob("*.yaml")}
MODELS -= {"avst", "avst_pooled"}  # of those, test_avst.py
MODELS_WITH_WORDS = (
    "question_only question=lstm", "cross_attention question=lstm",
    "cross_attention model.queries=words", "cross_attention question=lstm model.queries=words",
)  # fmt: skip


def runs_of(folder):
    """Runs of a sweep by their number of processes."""
    jobs = read_sweep(folder / "runs" / "train").present
    runs = [read_run(folder / "runs" / "train" / job.folder) for job in jobs]
    return {run.results.world_size: run for run in runs}


def assert_same_scores(runs, split):
    first = runs[1]
    rows = first.predictions(split)
    for run in runs.values():
        assert run.results.counts == first.results.counts
        ours = run.predictions(split)
        assert [row["row"] for row in ours] == list(range(len(rows)))
        assert [row["prediction"] for row in ours] == [row["prediction"] for row in rows]
        loss = f"{split}/loss"
        assert run.results.metrics[loss] == pytest.approx(first.results.metrics[loss], rel=1e-5)


@pytest.fixture
def real(tmp_path, write_features, real_json):
    """The real test questions, the val questions for training, and random features."""
    raw = tmp_path / "raw"
    write_features(raw, sorted(real_json(raw)), np.random.default_rng(5), rows=3)
    return raw


@pytest.mark.slow
def test_the_real_test_questions_are_counted_alike_by_one_two_and_three_processes(train, tmp_path, real):
    train("--multirun", *SCORE_ONLY, "trainer.devices=1,2,3", "data.batch_size=250", data=real)
    runs = runs_of(tmp_path)
    assert set(runs) == {1, 2, 3}
    counts = [count for name, count in runs[1].results.counts.items() if name.startswith("test/")]
    assert len(counts) == 9
    assert sum(count.total for count in counts) == 9129
    assert sum(count.correct for count in counts) > 0
    assert_same_scores(runs, "test")


@pytest.mark.slow
def test_fewer_questions_than_processes_are_counted_alike(train, tmp_path, write_official):
    raw = write_official(tmp_path / "raw", questions={"train": 7, "val": 1, "test": 2})
    train("--multirun", *SCORE_ONLY, "trainer.devices=1,3", "data.batch_size=5", "attention=true", data=raw)
    runs = runs_of(tmp_path)
    assert set(runs) == {1, 3}
    for split, total in (("val", 1), ("test", 2)):
        counts = runs[3].results.counts
        assert sum(count.total for name, count in counts.items() if name.startswith(split)) == total
        assert_same_scores(runs, split)
        alone, shared = (read_attention(runs[number].folder.attention(split)) for number in (1, 3))
        assert alone.row.tolist() == shared.row.tolist() == list(range(total))
        for name, track in alone.tracks.items():
            np.testing.assert_allclose(shared.tracks[name].shares, track.shares, rtol=1e-2)
            np.testing.assert_allclose(shared.tracks[name].seconds, track.seconds, rtol=1e-2)


@pytest.fixture
def views(tmp_path, write_official):
    """A folder in the official layout with a view, and the overrides that train on it, perturbed."""
    raw = write_official(tmp_path / "raw", questions={"train": 67, "val": 67, "test": 67})
    for name in ("vggish", "r2plus1d_18"):
        (raw / "feats_far" / name).mkdir(parents=True)
        for file in (raw / "feats" / name).iterdir():
            np.save(raw / "feats_far" / name / file.name, np.load(file)[:5] * 3)
    return raw, ("perturbation=all", "data.views={far:feats_far}")


@pytest.mark.slow
@pytest.mark.parametrize("perturbed", [False, True])
def test_two_processes_follow_the_loss_of_one(train, tmp_path, raw, views, perturbed):
    data, options = views if perturbed else (raw, ())
    train(
        "--multirun", *options, "trainer=ddp_cpu", "trainer.devices=1,2", "model.dropout=0",
        "trainer.log_every_n_steps=1", "optimizer.lr=0.003", "hydra.launcher.n_jobs=1",
        *(f"loss.{name}.weight=0.1" for name in ("kl", "info_nce", "cca", "soft_dtw", "cosine")),
        "loss.soft_dtw.start_epoch=1", data=data,
    )  # fmt: skip
    one, two = (run.metrics for _, run in sorted(runs_of(tmp_path).items()))
    assert len(one) == len(two) == 2 * 5 + 2  # steps of 16 questions, the last of 3; then an evaluation
    for alone, together in zip(one, two, strict=True):
        assert alone.keys() == together.keys()
        for name in alone:
            assert together[name] == pytest.approx(alone[name], rel=2e-5), (alone["step"], name)
    losses = [row["train/loss"] for row in one if "train/loss" in row]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", [*sorted(MODELS), *MODELS_WITH_WORDS])
@pytest.mark.parametrize("rows", [[0, 3, 5], []])
def test_every_parameter_of_every_model_gets_a_gradient(compose, raw, name, rows):
    """Else `strategy=ddp` waits for it; a process without questions must take part as well."""
    kl = 0 if "question" in name.split()[0] else 0.1  # the ablations have nothing to align
    choices = f"model={name}".split()
    config = compose(*choices, f"loss.kl.weight={kl}", "data=music_avqa", f"data.raw={raw}")
    requirements, question = requirements_of(config), Question(config["question"])
    data = run_data(config, question=question, requirements=requirements, seed=0)
    model = build_model(config["model"], data.module.spec, question, requirements)
    losses = build_losses(config["loss"])
    batch = data.module.gather("train", np.array(rows, dtype=np.int64), total=11)
    loss, _ = losses(model(batch), batch, epoch=0)
    loss.backward()
    assert [key for key, value in model.named_parameters() if value.grad is None] == []
    assert loss.isfinite()
    assert (loss == 0) == (not rows)
