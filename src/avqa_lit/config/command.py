"""Runs a command line: finds the configs, and tells a user's mistake without a traceback."""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial, wraps
from types import MappingProxyType
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from avqa_lit.config.arguments import for_hydra
from avqa_lit.config.explanation import explain
from avqa_lit.config.groups import Configs, config_folder
from avqa_lit.config.launcher import Hooks
from avqa_lit.config.plugins import register_plugins
from avqa_lit.config.sweep.prepared import PreparedStores
from avqa_lit.console import print_plain
from avqa_lit.errors import UserError


def register_schema(name: str, schema: type) -> None:
    """Make the root of command `name` known to Hydra, before it composes."""
    root = OmegaConf.structured(schema)
    _open(root, schema)
    ConfigStore.instance().store(name=f"{name}_schema", node=root)


def _open(node: Any, schema: type) -> None:
    """Let Hydra take any key in a mapping: classes take the keys of a group, and `validate` knows them."""
    for key_field in fields(schema):
        child = node._get_node(key_field.name)
        if isinstance(key_field.type, type) and is_dataclass(key_field.type):
            _open(child, key_field.type)
        elif isinstance(child, DictConfig):
            child._set_flag("struct", False)


def run_command(
    task: Callable[["DictConfig"], None],
    *,
    name: str,
    schema: type,
    preload: tuple[str, ...] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Compose config `name` from the command line and run `task` with it, or a sweep of it.

    Ends the process with status 1 after a user's mistake and 130 after Ctrl-C.

    Args:
        task: what the command does.
        name: of its config.
        schema: dataclass of the config's root.
        preload: modules that every job of a sweep imports.
        renamed: keys of free text that the command line calls otherwise, since a group has their name.
    """
    register_schema(name, schema)
    # Hydra copies its store for each group that --help lists, twice over; loading copies single nodes anyway.
    store = ConfigStore.instance()
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

    configs = Configs.of(sys.argv[1:])

    def told(error: Exception) -> str:
        return explain(
            error,
            arguments=sys.argv[1:],
            schema=schema,
            members=configs.members,
            known=partial(_known_keys, name, schema, configs),
        )

    @wraps(task)
    def explained(cfg: "DictConfig") -> None:
        with explaining(told, traceback=show_everything):
            task(cfg)

    try:
        with explaining(told, traceback=show_everything):
            sys.argv[1:] = for_hydra(sys.argv[1:], schema=schema, groups=configs.groups, renamed=renamed)
            hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=name)(explained)()
    finally:
        if not show_everything:
            os.environ.pop("HYDRA_FULL_ERROR", None)


@contextmanager
def explaining(told: Callable[[Exception], str], *, traceback: bool) -> Iterator[None]:
    """End the process with a message where the block ends with a user's mistake or with Ctrl-C."""
    try:
        yield
    except (UserError, HydraException, OmegaConfBaseException) as error:
        if traceback:
            raise
        print_plain(f"error: {told(error)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def _known_keys(name: str, schema: type, configs: Configs) -> list[str]:
    """Dotted keys that `name` takes with the members of groups that the command line chooses."""
    from avqa_lit.config.takers import takers_of
    from avqa_lit.config.validation import known_keys

    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(config_folder())):
        cfg = hydra.compose(config_name=name, overrides=configs.chosen(sys.argv[1:]))
    config = OmegaConf.to_container(cfg)
    assert isinstance(config, dict)
    return known_keys(takers_of({str(key): value for key, value in config.items()}, schema=schema))
