"""Runs a command line: finds the configs, and tells a user's mistake without a traceback."""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.sweep.prepared import PreparedStores
from avqa_lit.console import print_plain
from avqa_lit.errors import UserError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def config_folder() -> Path:
    """Folder of the configs: inside the package in a wheel, beside `src` in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parents[1] / "conf"


def run_command(
    task: Callable[["DictConfig"], None], *, name: str, schema: type, preload: tuple[str, ...] = ()
) -> None:
    """Compose config `name` from the command line and run `task` with it, or a sweep of it.

    Ends the process with status 1 after a user's mistake and 130 after Ctrl-C.
    """
    store = ConfigStore.instance()
    store.store(name=f"{name}_schema", node=schema)
    # Hydra copies its store for each group that --help lists, twice over; loading copies single nodes anyway.
    setattr(store, "__deepcopy__", lambda memo: store)  # noqa: B010 - a type checker refuses the assignment

    def check(config: dict[str, Any]) -> None:
        # Imported here, since only a sweep's driver needs it, and it knows the Trainer.
        from avqa_lit.config.validation import validate

        validate(config, schema=schema)

    register_plugins(Hooks(check=check, current_checksum=PreparedStores().checksum, preload=preload))
    show_everything = "HYDRA_FULL_ERROR" in os.environ
    # At its end Python would look through all objects once more, which takes seconds with torch among them.
    atexit.register(gc.freeze)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hands exceptions on to us, instead of printing them

    @wraps(task)
    def explained(cfg: "DictConfig") -> None:
        with explaining(name, traceback=show_everything):
            task(cfg)

    try:
        with explaining(name, traceback=show_everything):
            hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=name)(explained)()
    finally:
        if not show_everything:
            os.environ.pop("HYDRA_FULL_ERROR", None)


@contextmanager
def explaining(name: str, *, traceback: bool) -> Iterator[None]:
    """End the process with a message where the block ends with a user's mistake or with Ctrl-C."""
    try:
        yield
    except (UserError, HydraException, OmegaConfBaseException) as error:
        if traceback:
            raise
        print_plain(f"error: {explain(error, name)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def explain(error: Exception, name: str) -> str:
    """The message for a user; for a key that does not exist, the nearest that does."""
    key = _unknown_key(error)
    if isinstance(error, UserError) or key is None:
        return str(error)
    from avqa_lit.config.validation import explain_absent_term, nearest

    group, _, term = key.partition(".")
    if group == "loss" and (config_folder() / "loss" / f"{term}.yaml").is_file():
        return explain_absent_term(term)
    return f"{key} is not a config key: {nearest(key, _known_keys(name))}"


def _unknown_key(error: BaseException | None) -> str | None:
    while error is not None:
        if type(error).__name__ in ("ConfigKeyError", "ConfigAttributeError"):
            return getattr(error, "full_key", None) or str(getattr(error, "key", "")) or None
        error = error.__cause__
    return None


def _known_keys(name: str) -> list[str]:
    """Keys with the members of groups that the command line chooses."""
    folder = config_folder()
    chosen = [one for one in sys.argv[1:] if (folder / f"{one.replace('=', '/', 1)}.yaml").is_file()]
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(folder)):
        cfg = hydra.compose(config_name=name, overrides=chosen)

    def walk(node: Any, prefix: str) -> list[str]:
        keys: list[str] = []
        for key in node:
            keys.append(f"{prefix}{key}")
            child = node._get_node(key)
            if hasattr(child, "_get_node") and not isinstance(child, list) and hasattr(child, "keys"):
                keys += walk(child, f"{prefix}{key}.")
        return keys

    return walk(cfg, "")
