import gc
import importlib.util
import os
import signal
from pathlib import Path

import hydra
import pytest
import torch
from hypothesis import settings

from avqa_lit.config.command import register_schema
from avqa_lit.config.groups import config_folder
from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.resolve import resolved
from avqa_lit.config.schema import Evaluate, Predict, Prepare, Train

SPEC = importlib.util.spec_from_file_location("wandb_server", Path(__file__).with_name("wandb_server.py"))
standing_in = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(standing_in)

# A shell that starts the tests in the background has them and their children ignore what Ctrl-C sends, and
# nohup what the end of a terminal sends.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A loaded machine is no failure.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

TINY = [
    "trainer.max_epochs=2", "trainer.threads=1", "model.dim=12", "model.heads=3", "model.blocks=1",
    "model.hidden=17", "data.batch_size=29", "display=false", "logger=none",
]  # fmt: skip


@pytest.fixture
def compose():
    """Plain config of a command line."""
    register_plugins(Hooks(check=lambda config: None, current_checksum=lambda config: None))
    for name, schema in (
        ("train", Train),
        ("evaluate", Evaluate),
        ("predict", Predict),
        ("prepare", Prepare),
    ):
        register_schema(name, schema)

    def of(*overrides, name="train"):
        with hydra.initialize_config_dir(version_base="1.3", config_dir=str(config_folder())):
            return resolved(hydra.compose(config_name=name, overrides=list(overrides)))

    return of


def pytest_collection_finish():
    """Spare the garbage collector what lives as long as the tests do: a config is composed a fifth faster."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Where real annotations are promised, a test that skips for want of them is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("AVQA_REAL_DATA") and "AVQA_REAL_DATA" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"AVQA_REAL_DATA is set, yet the test was skipped: {report.longrepr}"


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Folder in which the embedded data are built once for all tests of this process."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny():
    """Overrides that make a run tiny."""
    return TINY


@pytest.fixture
def train(tmp_path, monkeypatch, cache):
    """Trains a tiny model by command line and returns what the run left in `folder`."""
    monkeypatch.chdir(tmp_path)

    def of(*overrides, folder):
        from avqa_lit.artifacts.run_folder import read_run
        from avqa_lit.train import main

        data = [] if any(one.startswith("data=") for one in overrides) else ["data.videos=40"]
        question = [] if any(one.startswith("question=") for one in overrides) else ["question.dim=64"]
        own_model = any(one.startswith("model=") for one in overrides)
        command = [
            "train",
            *(one for one in TINY if not (own_model and one.startswith("model."))),
            *data,
            *question,
            f"paths.cache={cache}",
            *overrides,
            f"hydra.run.dir={tmp_path / folder}",
        ]
        monkeypatch.setattr("sys.argv", command)
        main()
        return read_run(tmp_path / folder)

    return of


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory):
    """Saves a tiny random transformer of a kind, with a tokenizer of whole words; gives its folder."""
    transformers = pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    tokenizers = pytest.importorskip("tokenizers")
    special = {name: f"[{name[:3].upper()}]" for name in ("cls_token", "pad_token", "sep_token", "unk_token")}
    words = ["how", "many", "violin", "is", "it", "loud", "where", "the", "?"]
    ids = {word: number for number, word in enumerate([*special.values(), *words])}

    def tokenizer():
        whole = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token=special["unk_token"]))
        whole.normalizer = tokenizers.normalizers.Lowercase()
        whole.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        whole.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[(one, ids[one]) for one in ("[CLS]", "[SEP]")]
        )
        return transformers.PreTrainedTokenizerFast(tokenizer_object=whole, **special)

    def save(kind, **options):
        folder = tmp_path_factory.mktemp(kind)
        sizes = {"dim": 12, "n_heads": 3, "n_layers": 2, "hidden_dim": 17}
        if kind != "distilbert":
            sizes = {
                "hidden_size": 12,
                "num_attention_heads": 3,
                "num_hidden_layers": 2,
                "intermediate_size": 17,
            }
        config = transformers.AutoConfig.for_model(
            kind, vocab_size=len(ids), max_position_embeddings=13, pad_token_id=ids["[PAD]"], **sizes
        )
        torch.manual_seed(3)
        transformers.AutoModel.from_config(config, **options).save_pretrained(folder)
        tokenizer().save_pretrained(folder)
        return folder

    return save


@pytest.fixture
def wandb_home(tmp_path, monkeypatch):
    """W&B without an account, whose files and settings are all in `tmp_path`; ends its service."""
    import wandb

    for name in [one for one in os.environ if one.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    for name in ("WANDB_ERROR_REPORTING", "WANDB_SILENT", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, "")  # so that what our code sets for the whole process ends with the test
        monkeypatch.delenv(name)
    wandb.teardown()
    yield tmp_path
    wandb.teardown()


@pytest.fixture(scope="session")
def wandb_server():
    """Class of W&B servers on the loopback interface."""
    return standing_in.WandbServer


@pytest.fixture
def server(wandb_home, monkeypatch, wandb_server):
    """A W&B server on the loopback interface that W&B talks to and has an account on."""
    with wandb_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server
    assert server.problems == []


@pytest.fixture
def evaluate(tmp_path, monkeypatch, cache):
    """Evaluates by command line in a new folder and returns what it left there."""

    def of(*overrides):
        from avqa_lit.artifacts.run_folder import read_run
        from avqa_lit.evaluate import main

        here = tmp_path / "elsewhere"
        here.mkdir()
        monkeypatch.chdir(here)
        monkeypatch.setattr("sys.argv", ["evaluate", f"paths.cache={cache}", "display=false", *overrides])
        main()
        (folder,) = (here / "runs" / "evaluate").iterdir()
        return read_run(folder)

    return of


@pytest.fixture
def refused(evaluate, capsys):
    """Message with which an evaluation is refused."""

    def of(*overrides):
        with pytest.raises(SystemExit) as stopped:
            evaluate(*overrides)
        assert stopped.value.code == 1
        message = capsys.readouterr().err.replace(f"{Path.cwd()}/", "")  # paths are told in full
        assert message.startswith("error: ")
        assert "Traceback" not in message
        return message

    return of
