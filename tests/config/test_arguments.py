import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from avqa_lit.config.arguments import for_hydra
from avqa_lit.config.schema import Predict, Train
from avqa_lit.predict import FREE_TEXT

GROUPS = ("model", "logger", "experiment", "experiment/alignments")
ODD = "~ ä # & = ( [ , { } ' \" \\ : ;"


def taken(*arguments, schema=Train, renamed=None):
    return for_hydra(arguments, schema=schema, groups=GROUPS, renamed=renamed or {})


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("question=Is it, or not?", "ask='Is it, or not?'"),
        ("question=a='b'", r"ask='a=\'b\''"),
        ("question='quoted for Hydra, already'", "ask='quoted for Hydra, already'"),
        ("question=[a]", "ask='[a]'"),
        ("video_id=1e5", "video_id='1e5'"),
        ("video_id=null", "video_id='null'"),
        ("data=synthetic", "data=synthetic"),
        ("--help", "--help"),
    ],
)
def test_free_text_is_quoted_for_hydra(argument, expected):
    assert taken(argument, schema=Predict, renamed=FREE_TEXT) == [expected]


@pytest.mark.parametrize(
    "key",
    [
        "paths.runs",
        "checkpoint",
        "predictions",
        "figure",
        "data.raw",
        "study",
        "data.audio.files",
        "data.tracks.patches.array",
        "question.tokens",
        "prompt.files",
    ],
)
@pytest.mark.parametrize(
    "text", [f"/a {ODD}.b", "{video_id}.mp4.npy", "a,b", "2024", "true", "[a", "~/x", "x=y", " a "]
)
def test_a_path_or_a_name_comes_out_of_hydra_as_it_was_given(key, text):
    (argument,) = taken(f"{key}={text}")
    assert OverridesParser.create().parse_override(argument).value() == text
    assert taken(argument) == [argument]  # again, for the processes of a run and the jobs of a sweep


@pytest.mark.parametrize(
    "argument",
    [
        "data.raw=null",
        "data.visual.array=null",
        "data.raw=choice(a,b)",
        "predictions=[a,b]",
        "paths.runs='a b'",
        "paths.runs=/a/b-c_d.e",
        "optimizer.betas=[0.9,0.98]",
        "model=a,b",
        "~model.dim",
        "hydra.launcher.n_jobs=2",
        "+hydra.launcher.parameters.qos=long",
        "+loss@loss.mine=kl",
        "-m",
    ],
)
def test_what_hydra_takes_already_stays(argument):
    assert taken(argument) == [argument]


def test_a_comma_in_a_path_is_a_sweep_only_where_one_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert taken("data.store=a,b") == ["data.store='a,b'"]
    assert taken("-m", "data.store=a,b") == ["-m", "data.store=a,b"]
    (tmp_path / "a,b").mkdir()
    assert taken("-m", "data.store=a,b") == ["-m", "data.store='a,b'"]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("+trainer.limit_train_batches=2", "trainer.limit_train_batches=2"),
        ("++model.dim=8", "model.dim=8"),
        ("+seed=1", "seed=1"),
        ("+model=avst", "model=avst"),
        ("+experiment=kl_sweep", "+experiment=kl_sweep"),
        ("++experiment=kl_sweep", "+experiment=kl_sweep"),
        ("experiment=2024", "experiment='2024'"),
        ("logger=null", "logger='null'"),
    ],
)
def test_a_plus_is_left_to_groups_alone(argument, expected):
    assert taken(argument) == [expected]


@pytest.mark.parametrize(
    "key", ["question.files", "question.array", "prompt.files", "data.audio.files", "data.visual.array"]
)
@pytest.mark.parametrize("text", ["{question_id}.npy", "q_{text}", "all.h5", "{text}"])
def test_a_pattern_in_braces_needs_no_quotes(key, text):
    (argument,) = taken(f"{key}={text}")
    assert OverridesParser.create().parse_override(argument).value() == text
    assert taken(argument) == [argument]
    assert taken(f"{key}=null") == [f"{key}=null"]


def test_a_folder_of_hydra_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home of")
    assert taken("hydra.run.dir=out") == [f"hydra.run.dir={tmp_path}/out"]
    assert taken("hydra.sweep.dir=~/a,b") == ["hydra.sweep.dir='/home of/a,b'"]


def test_the_value_of_an_option_is_left_alone():
    assert taken("--config-dir", "study=a,b") == ["--config-dir", "study=a,b"]
