import sys

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus

from avqa_lit.config.launcher import SweepFailed
from avqa_lit.config.optuna_sweeper import OptunaSweeper
from avqa_lit.errors import ConfigError, MissingExtraError

optuna = pytest.importorskip("optuna")

LR = "lr=tag(log, interval(1e-5, 1e-1))"
NORM = "norm=pre,post"


class Launcher:
    """Stands in for ours: a job's value is its learning rate; passes over what has run, as ours does."""

    def __init__(
        self, ran, *, fails=lambda overrides: False, diverges=lambda overrides: False, stop_after=None
    ):
        self.ran = ran
        self.fails = fails
        self.diverges = diverges
        self.stop_after = stop_after
        self.batches = []

    def launch(self, points, initial_job_idx):
        if self.stop_after == len(self.batches):
            sys.exit(130)  # as after Ctrl-C
        self.batches.append([tuple(point) for point in points])
        return [self.answer(tuple(point)) for point in points]

    def answer(self, point):
        answer = JobReturn(status=JobStatus.COMPLETED)
        if self.fails(point):
            answer.status = JobStatus.FAILED
            answer.return_value = SweepFailed("1 of 7 jobs did not finish")
        elif self.diverges(point):
            answer.return_value = None
        else:
            self.ran.append(point)
            answer.return_value = float(next(one for one in point if one.startswith("lr="))[3:])
        return answer


@pytest.fixture
def sweep(tmp_path):
    """Runs a sweep in the same folder every time it is called; gives its batches of new jobs."""
    conf = tmp_path / "conf"
    conf.mkdir()

    def run(*arguments, config="lr: 1\nnorm: pre\nseed: 0\n", launcher=None, **settings):
        (conf / "root.yaml").write_text(config, encoding="utf-8")
        launcher = launcher or Launcher([])
        settings = {"n_trials": 7, "n_jobs": 2, "seed": 0, "sampler": "TPESampler", "params": {}} | settings
        with initialize_config_dir(str(conf), version_base="1.3"):
            overrides = [f"hydra.sweep.dir={tmp_path / 'sweep'}"]
            sweeper = OptunaSweeper(**settings)
            sweeper._master = compose("root", overrides=overrides, return_hydra_config=True)
            sweeper._configs = GlobalHydra.instance().config_loader()
            sweeper._launcher = launcher
            sweeper.sweep(list(arguments))
        return launcher.batches

    return run


def test_values_are_drawn_in_batches_and_the_best_is_told(sweep, capsys):
    batches = sweep(LR, NORM, "seed=3")
    assert [len(batch) for batch in batches] == [2, 2, 2, 1]
    jobs = [job for batch in batches for job in batch]
    assert len(set(jobs)) == 7
    assert all(job[0] == "seed=3" and job[2] in ("norm=pre", "norm=post") for job in jobs)
    rates = [float(job[1].removeprefix("lr=")) for job in jobs]
    assert all(1e-5 <= rate <= 1e-1 for rate in rates)
    best = jobs[rates.index(max(rates))]
    assert f"best of 7: {best[1]} {best[2]}, {max(rates):.4f}\n" in capsys.readouterr().out


def test_an_interrupted_sweep_goes_on_as_if_it_had_not_been(sweep, tmp_path):
    whole = sweep(LR, NORM)
    (tmp_path / "sweep" / "optuna.journal").unlink()
    with pytest.raises(SystemExit):
        sweep(LR, NORM, launcher=Launcher([], stop_after=2))
    again = sweep(LR, NORM)
    assert again[0] == [job for batch in whole[:3] for job in batch]  # two batches, and the one cut short
    assert again[1:] == whole[3:]
    assert sweep(LR, NORM) == [[job for batch in whole for job in batch]]


def test_more_trials_go_on_from_those_there_are(sweep):
    first = sweep(LR, n_trials=3, n_jobs=1)
    second = sweep(LR, n_trials=5, n_jobs=1)
    assert second[0] == [job for batch in first for job in batch]
    assert len(second) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"config": "lr: 1\nnorm: pre\nseed: 1\n"},
        {"seed": 1},
        {"sampler": "RandomSampler"},
        {"params": {"norm": "pre,post"}},
    ],
)
def test_another_config_or_space_draws_anew(sweep, change):
    sweep(LR)
    assert [len(batch) for batch in sweep(LR, **change)] == [2, 2, 2, 1]


def test_what_failed_runs_again_and_the_draws_stay(sweep):
    failed = []

    def fails(overrides):
        if len(failed) < 1:
            failed.append(overrides)
        return overrides in failed

    with pytest.raises(SweepFailed, match="1 of 7 jobs did not finish"):
        sweep(LR, launcher=Launcher([], fails=fails))
    ran = []
    (again,) = sweep(LR, launcher=Launcher(ran))
    assert failed[0] in ran
    assert len(again) == 7


def test_the_best_is_one_that_did_not_diverge_and_the_sampler_learns_from_those_that_did(
    sweep, tmp_path, capsys
):
    def diverges(point):
        return float(point[0].removeprefix("lr=")) > 1e-2

    ran = []
    (batch,) = sweep(LR, launcher=Launcher(ran, diverges=diverges), n_jobs=13, n_trials=13)
    best = max(ran, key=lambda point: float(point[0].removeprefix("lr=")))
    assert 0 < len(ran) < 13
    assert f"best of 13: {best[0]}, " in capsys.readouterr().out
    journal = str(tmp_path / "sweep" / "optuna.journal")
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal))
    (study,) = optuna.get_all_study_names(storage)
    states = [trial.state.name for trial in optuna.load_study(study_name=study, storage=storage).trials]
    assert states == ["PRUNED" if diverges(point) else "COMPLETE" for point in batch]


def test_a_sweep_of_which_all_jobs_diverged_has_no_best(sweep, capsys):
    sweep(LR, launcher=Launcher([], diverges=lambda point: True))
    assert "best of 7: none has a value\n" in capsys.readouterr().out


def test_values_of_the_command_line_replace_those_of_the_config(sweep):
    batches = sweep("norm=post", LR, params={"norm": "pre,post", "seed": "1,2"})
    assert all("norm=post" in job for batch in batches for job in batch)


@pytest.mark.parametrize(
    ("swept", "expected"),
    [
        ("x=range(1,7,2)", optuna.distributions.IntDistribution(1, 5, step=2)),
        ("x=range(0.5,1.5,0.5)", optuna.distributions.CategoricalDistribution(["0.5", "1.0"])),
        ("x=interval(0.1, 0.7)", optuna.distributions.FloatDistribution(0.1, 0.7)),
        ("x=tag(log, int(interval(1, 64)))", optuna.distributions.IntDistribution(1, 64, log=True)),
        (
            "x=true,null,'a b'",
            optuna.distributions.CategoricalDistribution(["True", "null", "'a b'"]),
        ),
    ],
)
def test_hydras_grammar_becomes_a_distribution(swept, expected):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from avqa_lit.config.optuna_sweeper import distribution

    assert distribution(OverridesParser.create().parse_override(swept)) == expected


def test_an_empty_range_is_refused(sweep):
    with pytest.raises(ConfigError, match=r"seed=range\(3,3\): an empty range"):
        sweep("seed=range(3,3)")


def test_a_sweep_of_nothing_is_refused(sweep):
    with pytest.raises(ConfigError, match="hydra/sweeper=optuna: nothing to draw"):
        sweep("norm=pre")


def test_an_unknown_sampler_is_refused(sweep):
    with pytest.raises(ConfigError, match=r"hydra.sweeper.sampler=TPE: expected a class of optuna.samplers"):
        sweep(LR, sampler="TPE")


def test_without_optuna_the_extra_is_named(sweep, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'avqa_lit\[optuna\]'"):
        sweep(LR)
