import os

import hydra
import pytest
from hydra.core.config_store import ConfigStore

from avqa_lit.config.command import config_folder
from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.resolve import resolved
from avqa_lit.config.schema import Evaluate, Prepare, Train

TINY = [
    "trainer.max_epochs=2", "trainer.threads=1", "model.dim=12", "model.heads=3", "model.blocks=1",
    "model.hidden=17", "question.dim=64", "data.batch_size=29", "display=false", "logger=none",
]  # fmt: skip


@pytest.fixture
def compose():
    """Plain config of a command line."""
    register_plugins(Hooks(check=lambda config: None, current_checksum=lambda config: None))
    for name, schema in (("train", Train), ("evaluate", Evaluate), ("prepare", Prepare)):
        ConfigStore.instance().store(name=f"{name}_schema", node=schema)

    def of(*overrides, name="train"):
        with hydra.initialize_config_dir(version_base="1.3", config_dir=str(config_folder())):
            return resolved(hydra.compose(config_name=name, overrides=list(overrides)))

    return of


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


@pytest.fixture
def train(tmp_path, monkeypatch, cache):
    """Trains a tiny model by command line and returns what the run left in `folder`."""
    monkeypatch.chdir(tmp_path)

    def of(*overrides, folder):
        from avqa_lit.artifacts.run_folder import read_run
        from avqa_lit.train import main

        data = [] if any(one.startswith("data=") for one in overrides) else ["data.videos=40"]
        command = [
            "train",
            *TINY,
            *data,
            f"paths.cache={cache}",
            *overrides,
            f"hydra.run.dir={tmp_path / folder}",
        ]
        monkeypatch.setattr("sys.argv", command)
        main()
        return read_run(tmp_path / folder)

    return of
