"""Stands in for avqa_lit.train: the same command line and the same files, without torch."""

import os
import signal
import sys
import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig

from avqa_lit.artifacts.results import DataFacts, Results
from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.keys import config_key
from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.resolve import resolved
from avqa_lit.errors import ConfigError, UserError


def task(cfg):
    folder = RunFolder(Path(HydraConfig.get().runtime.output_dir))
    if cfg.do == "raise":
        raise RuntimeError(f"x={cfg.x} is out of luck")
    if cfg.do == "sleep":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        rank = os.fork()
        if rank:
            (folder.path / "pids").write_text(f"{os.getpid()} {rank}")
        time.sleep(600)
    print(Path.cwd(), os.environ.get("LOCAL_RANK"), cfg.trainer.threads)
    if cfg.do == "diverge":
        folder.write_results(
            Results(
                state="diverged",
                key=config_key(resolved(cfg)),
                reason="the training diverged",
                data=DataFacts(checksum="abc"),
            )
        )
        sys.exit(1)
    folder.write_results(
        Results(
            state="finished",
            key=config_key(resolved(cfg)),
            monitor="val/acc/overall",
            metrics={"val/acc/overall": cfg.x / 10, "test/acc/overall": cfg.x / 20},
            data=DataFacts(checksum="abc"),
        )
    )


def check(config):
    if config["x"] == 13:
        raise ConfigError("x=13: expected luck")


if __name__ == "__main__":
    register_plugins(Hooks(check=check, current_checksum=lambda config: os.environ.get("CHECKSUM")))
    os.environ["HYDRA_FULL_ERROR"] = "1"
    conf = str(Path(__file__).parent / "conf")
    try:
        hydra.main(config_path=conf, config_name="train", version_base="1.3")(task)()
    except UserError as error:
        sys.exit(f"error: {error}")
