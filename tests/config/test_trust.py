"""Nothing that a checkpoint's config names is imported, run, written or deleted unless its group takes it."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType

import pytest
import torch
import yaml

import avqa_lit
from avqa_lit import evaluate as evaluate_command
from avqa_lit import predict as predict_command
from avqa_lit.config.command import config_folder
from avqa_lit.config.roles import ROLES
from avqa_lit.config.trust import check_trust, trusted_names
from avqa_lit.errors import ConfigError

ORIGIN = Path("some.ckpt")
MODELS = ("answer_slots.AnswerSlots", "avst.AVST", "cross_attention.CrossAttention",
          "question.CachedQuestion", "question_only.QuestionOnly", "word_lstm.WordLSTM")  # fmt: skip
LOSSES = ("cca.CCA", "cosine.Cosine", "cross_entropy.AnswerCrossEntropy", "info_nce.InfoNCE", "kl.KL",
          "matching.Matching", "soft_dtw.SoftDTW", "weighted.WeightedLosses")  # fmt: skip
# All that a checkpoint may name without trust=. A name that is new here is one more that strangers may call.
TEXTS = {
    "avqa_lit.data.clip_text.CLIPTextEncoder",
    "avqa_lit.data.hashing.HashingEncoder",
    "avqa_lit.data.minilm.minilm",
    "avqa_lit.data.question_files.QuestionFiles",
    "avqa_lit.data.transformer.TransformerEncoder",
    "avqa_lit.models.word_lstm.WordLSTM",
}
PERMITTED = {
    "model": {f"avqa_lit.models.{name}" for name in MODELS},
    "question": TEXTS,
    "prompt": TEXTS,
    "loss": {f"avqa_lit.losses.{name}" for name in LOSSES},
    "data": {"avqa_lit.data.official.OfficialLayout", "avqa_lit.data.synthetic.concerts.SyntheticConcerts"},
    "perturbation": {"avqa_lit.data.perturbation.Perturbation"},
    "optimizer": set(),
    "schedule": {
        f"avqa_lit.training.schedules.{name}"
        for name in ("Constant", "Cosine", "Plateau", "Step", "WarmupCosine")
    },
}
PARTS = {"avqa_lit.data.annotations.FieldMap", "avqa_lit.data.feature_files.Extraction"}
WRITES = {"_target_": "avqa_lit.artifacts.atomic.write_text", "path": "written", "text": "x"}
DELETES = {"_target_": "avqa_lit.artifacts.atomic.Path.unlink", "self": {
    "_target_": "avqa_lit.artifacts.atomic.Path", "_args_": ["kept"]}}  # fmt: skip
RUNS = {"_target_": "avqa_lit.config.sweep.slots.subprocess.run", "args": ["touch", "run"]}
STARTS = {
    "_target_": "avqa_lit.config.sweep.job_process.JobProcess",
    "command": ["touch", "started"],
    "log": {"_target_": "avqa_lit.artifacts.atomic.Path", "_args_": ["log"]},
    "environment": {},
    "guard": {"_target_": "avqa_lit.config.sweep.guard.Guard", "grace": 1},
}


def in_group(group, node):
    return {group: {"term": node} if group == "loss" else node}


def check(config, *, trust=(), **options):
    check_trust(config, trust=trust, origin=ORIGIN, **options)


def public(holder):
    return [name for name in vars(holder) if not name.startswith("_")]


@pytest.fixture(scope="module")
def names():
    """Every public name in every module of ours, and once what each class and imported module there holds."""
    names, held = [], set()
    for module in pkgutil.walk_packages(avqa_lit.__path__, "avqa_lit."):
        if module.name.endswith("__main__"):
            continue
        found = importlib.import_module(module.name)
        for name in public(found):
            value, dotted = getattr(found, name), f"{module.name}.{name}"
            names.append(dotted)
            if isinstance(value, type | ModuleType) and id(value) not in held:
                held.add(id(value))
                names += [f"{dotted}.{attribute}" for attribute in public(value)]
    return names


def permitted(names, config_of):
    """Names that a checkpoint may have at a place of its config."""
    found = set()
    for name in names:
        try:
            check(config_of({"_target_": name, "path": "written", "command": ["touch", "run"]}))
        except ConfigError:
            continue
        found.add(name)
    return found


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A folder with one file in it, in which nothing may change."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").write_text("kept")
    yield tmp_path
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "kept")]


@pytest.fixture
def nothing_runs(monkeypatch):
    """What would start a process, write or delete fails the test."""

    def fail(*arguments, **options):
        pytest.fail(f"called with {arguments} {options}")

    for holder, name in (
        (subprocess, "Popen"), (os, "system"), (os, "remove"), (os, "unlink"), (os, "mkdir"), (os, "rename"),
        (shutil, "rmtree"), (Path, "unlink"), (Path, "mkdir"), (Path, "write_text"),
    ):  # fmt: skip
        monkeypatch.setattr(holder, name, fail)


@pytest.mark.slow
def test_of_all_public_names_a_group_takes_just_these_and_none_does_anything(names, alone, nothing_runs):
    for ending in ("avqa_lit.artifacts.atomic.write_text", ".Path.unlink", ".subprocess.run", ".os.system"):
        assert any(name.endswith(ending) for name in names)
    modules = {name.partition(".")[0] for name in sys.modules}
    assert set(ROLES) == set(PERMITTED)
    for group, expected in PERMITTED.items():
        assert permitted(names, lambda node, group=group: in_group(group, node)) == expected, group
        inside = permitted(names, lambda node, group=group: in_group(group, {"part": [node]}))
        assert inside == (PARTS if group == "data" else set()), group
    for place in ("trainer", "logger", "callbacks", "budget"):
        assert permitted(names, lambda node, place=place: {place: {"x": node}}) == set()
    assert {name.partition(".")[0] for name in sys.modules} == modules


def without_values(node):
    """The targets of a config file, with what lies around them."""
    kept = {key: without_values(value) for key, value in node.items() if isinstance(value, dict)}
    return kept | {key: value for key, value in node.items() if key == "_target_"}


@pytest.mark.parametrize("group", PERMITTED)
def test_every_choice_of_a_group_is_permitted(group):
    files = list((config_folder() / group).glob("*.yaml"))
    assert files
    for file in files:
        check(in_group(group, without_values(yaml.safe_load(file.read_text("utf-8")) or {})))


@pytest.mark.parametrize("group", PERMITTED)
def test_what_a_group_takes_does_nothing_with_the_arguments_of_others(alone, nothing_runs, group):
    for name in sorted(PERMITTED[group]):
        module, _, attribute = name.rpartition(".")
        target = getattr(importlib.import_module(module), attribute)
        for arguments in (WRITES, RUNS, STARTS):
            with pytest.raises(TypeError):
                target(**{key: value for key, value in arguments.items() if key != "_target_"})


@pytest.mark.parametrize("node", [WRITES, DELETES, RUNS, STARTS], ids=["writes", "deletes", "runs", "starts"])
@pytest.mark.parametrize("group", PERMITTED)
def test_code_of_ours_that_acts_is_refused_in_every_group_and_below(alone, nothing_runs, group, node):
    own = {"_target_": sorted(PERMITTED[group] or {"torch.optim.Adam"})[0]}
    for given in (node, own | {"x": node}, own | {"x": [[{"y": node}]]}):
        with pytest.raises(ConfigError, match=rf"some.ckpt: .*{group}"):
            check(in_group(group, given))


@pytest.mark.parametrize("node", [WRITES, DELETES, RUNS, STARTS], ids=["writes", "deletes", "runs", "starts"])
@pytest.mark.parametrize("command", [evaluate_command, predict_command], ids=["evaluate", "predict"])
def test_a_checkpoint_that_names_such_code_is_refused_by_every_command(
    small_checkpoint, tmp_path_factory, cache, monkeypatch, capsys, alone, command, node
):
    checkpoint = torch.load(small_checkpoint, weights_only=True)
    checkpoint["avqa_lit"]["config"]["loss"]["x"] = node
    path = tmp_path_factory.mktemp("elsewhere") / "bad.ckpt"
    torch.save(checkpoint, path)
    asked = ["video_id=concert_000000", "question=Why?"] if command is predict_command else []
    arguments = [f"checkpoint={path}", f"paths.cache={cache}", "trust=[ownlab]", *asked]
    monkeypatch.setattr("sys.argv", ["command", *arguments])
    with pytest.raises(SystemExit):
        command.main()
    message = capsys.readouterr().err
    assert message.startswith(f"error: {path}: ")
    assert "loss.x" in message
    assert "Traceback" not in message


def test_foreign_names_are_refused_without_a_look_at_them(monkeypatch, tmp_path):
    (tmp_path / "stranger.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ConfigError, match=r"some.ckpt: .*'stranger.Net' as model, which is not part.*trust=\[stranger\]"
    ):
        check(in_group("model", {"_target_": "stranger.Net"}))
    with pytest.raises(ConfigError, match="avqa_little"):
        check(in_group("model", {"_target_": "avqa_little.Net"}))
    with pytest.raises(ConfigError, match=r"'os.system' as model; the group `model` takes a torch.nn.Mod"):
        check(in_group("model", {"_target_": "os.system"}))
    assert "stranger" not in sys.modules


@pytest.mark.parametrize("target", ["torch.optim.Adam", "torch.optim.adamw.AdamW"])
def test_the_optimizers_of_torch_are_permitted_and_nothing_else_of_it(target):
    check(in_group("optimizer", {"_target_": target, "lr": 0.1}))
    for other in ("torch.optim.lr_scheduler.StepLR", "torch.optim.adam.Tensor", "torch.load", "torch.optim"):
        with pytest.raises(ConfigError, match=other):
            check(in_group("optimizer", {"_target_": other}))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": {"_target_": None}}, "expected the name of a class"),
        ({"model": {"_target_": "avqa_lit.models.nowhere.Net"}}, "which cannot be imported here"),
        ({"model": {"_target_": "avqa_lit.models.avst.Gone"}}, "avqa_lit.models.avst has no Gone"),
        ({"data": {"raw": "${oc.env:HOME}"}}, r"data.raw in its config is '\$\{oc.env:HOME\}'; interpol"),
        ({"model": {"x": [{"_args_": [1]}]}}, "model.x.0 in its config has the key '_args_'"),
        ({"model": {"_partial_": True}}, "model in its config has the key '_partial_'"),
        ({"model": {"x": torch.zeros(1)}}, "model.x in its config is a Tensor, expected plain values"),
        ({"model": {b"x": 1}}, "model in its config has the key b'x', expected a text"),
        ({"trainer": {"x": {"_target_": "torch.optim.Adam"}}}, "as trainer.x, where no class belongs"),
        ({"loss": {"_target_": "avqa_lit.losses.kl.KL"}}, "as loss, where no class belongs"),
        ({"a\x1b[2J": {"_target_": "x.Y"}}, r"'a\\x1b\[2J', where no class belongs"),
    ],
)  # fmt: skip
def test_what_else_a_config_from_elsewhere_may_not_hold(config, message):
    with pytest.raises(ConfigError, match=f"^some.ckpt: .*{message}"):
        check(config)


def test_a_config_that_holds_itself_or_too_much_is_refused():
    loop = []
    loop.append(loop)
    bomb = ["x"]
    for _ in range(20):
        bomb = [bomb] * 10
    for value in (loop, bomb):
        with pytest.raises(ConfigError, match=r"model.x.* in its config is too large, or holds itself"):
            check({"model": {"x": value}})


def test_plain_values_are_let_through():
    check({"a": OrderedDict(b=(1, 2.5, None, True, "x$y")), "seed": 3, "c": {1: "one"}})


OWNLAB = {
    "__init__.py": "from ownlab.net import Net\n",
    "net.py": """
import os, subprocess
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from torch import nn
class Net(nn.Module):
    def __init__(self, spec, part=None): super().__init__()
class Block(nn.Module):
    def __init__(self): super().__init__()
@dataclass
class Sizes:
    width: int = 1
class Encoder:
    def encode(self, texts): ...
def make_net(spec) -> Net: return Net(spec)
def make_text() -> str: return "text"
def delete(path): os.remove(path)
""",
    "__main__.py": "raise SystemExit('run')",
}


@pytest.fixture
def ownlab(tmp_path, monkeypatch):
    (tmp_path / "code/ownlab").mkdir(parents=True)
    for name, text in OWNLAB.items():
        (tmp_path / "code/ownlab" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "code")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "ownlab"]:
        del sys.modules[name]


@pytest.mark.parametrize("trust", ["ownlab", "ownlab.net"])
@pytest.mark.parametrize(
    ("group", "target"),
    [
        ("model", "Net"),
        ("model", "make_net"),
        ("loss", "Block"),
        ("question", "Net"),
        ("question", "Encoder"),
    ],
)
def test_a_trusted_package_adds_what_it_defines_and_the_group_takes(ownlab, trust, group, target):
    check(in_group(group, {"_target_": f"ownlab.net.{target}"}), trust=[trust])
    with pytest.raises(ConfigError, match=r"say so with trust=\[ownlab\]"):
        check(in_group(group, {"_target_": f"ownlab.net.{target}"}), trust=["ownlabs"])


@pytest.mark.parametrize(
    "target",
    ["net.os.system", "net.subprocess.run", "net.Popen", "net.Path.unlink", "net.delete", "net.make_text",
     "net.Encoder", "net.Sizes", "net.Block", "net.nn.Linear", "net.Net.forward", "net", "__main__.Net"],
)  # fmt: skip
def test_a_trusted_package_adds_nothing_that_the_group_does_not_take(ownlab, target):
    with pytest.raises(ConfigError, match=f"ownlab.{target}"):
        check(in_group("model", {"_target_": f"ownlab.{target}"}), trust=["ownlab"])


def test_a_trusted_package_adds_parts(ownlab):
    own = {"_target_": "ownlab.net.Net"}
    check({"model": own | {"part": [{"_target_": "ownlab.net.Block"}, {"_target_": "ownlab.net.Sizes"}]}},
          trust=["ownlab"])  # fmt: skip
    for target in ("net.Popen", "net.delete", "net.Encoder"):
        with pytest.raises(ConfigError, match=r"inside the group `model` there may be a torch.nn.Module"):
            check({"model": own | {"part": {"_target_": f"ownlab.{target}"}}}, trust=["ownlab"])


def test_a_single_class_can_be_trusted_under_the_name_that_shows_it(ownlab):
    check({"model": {"_target_": "ownlab.Net"}}, trust=["ownlab.Net"])
    check({"model": {"_target_": "ownlab.Net"}}, trust=["ownlab"])
    with pytest.raises(ConfigError, match="not part of avqa_lit"):
        check({"model": {"_target_": "ownlab.net.Net"}}, trust=["ownlab.Net"])


def test_a_trusted_package_that_is_not_installed_is_named():
    with pytest.raises(ConfigError, match=r"cannot be imported here .*No module named 'absentlab'"):
        check({"model": {"_target_": "absentlab.net.Net"}}, trust=["absentlab"])


def test_a_group_that_is_not_read_may_name_anything():
    check({"data": {"_target_": "ownlab.Data"}}, unread=["data"])


def test_trust_is_a_list_of_names_or_one_name():
    assert trusted_names("ownlab") == ["ownlab"]
    assert trusted_names(["ownlab.net.Net", "other"]) == ["ownlab.net.Net", "other"]


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [3], [""], ["my lab"], ["a..b"], ["ownlab."], ["a.if"],
                                   ["avqa_lit"], ["avqa_lit.artifacts"], ["os"], ["subprocess.run"],
                                   ["builtins"]])  # fmt: skip
def test_other_values_of_trust_are_refused(value):
    with pytest.raises(ConfigError, match=r"^trust=.*expected packages or classes of your own, as in trust="):
        trusted_names(value)


def test_trust_is_read_on_the_command_line(compose):
    required = ("checkpoint=a", "video_id=b")
    assert compose(*required, "trust=ownlab", name="predict")["trust"] == ["ownlab"]
    assert compose("trust=[ownlab,other.Net]", name="evaluate")["trust"] == ["ownlab", "other.Net"]
    with pytest.raises(ConfigError, match=r"^trust=3: expected"):
        compose("trust=3")
