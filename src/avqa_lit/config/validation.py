"""Refuses keys that nothing reads and values that nothing can use, before any data is read."""

from collections.abc import Iterable, Mapping
from typing import Any

from avqa_lit.config.hints import explain_absent_term, unknown_key
from avqa_lit.config.schema import FILLED_BY_BUDGET, Train
from avqa_lit.config.smoke import check_smoke
from avqa_lit.config.takers import Taker, takers_of
from avqa_lit.config.trial import try_parts
from avqa_lit.config.values import check_value, shown
from avqa_lit.data.views import CLEAN
from avqa_lit.errors import ConfigError


def validate(config: dict[str, Any], *, schema: type) -> None:
    """Check that every key of a resolved config is read by somebody who can use its value.

    Args:
        config: plain config.
        schema: dataclass of its root.

    Raises:
        ConfigError: a key that nothing reads, with the nearest right one; a value of another type than the
            annotation of its argument, or out of its range; a loss term that was not chosen; a `_target_`
            that cannot be imported, or that its group cannot be built from; an argument that a class needs
            and does not get; values that a class refuses; a view to test on, in training.
    """
    if "loss" in config:
        _check_terms(config["loss"] or {})
    if "logger" in config:
        _check_logger(config["logger"])
    if "trainer" in config:
        _check_trainer(config["trainer"])
    takers = list(takers_of(config, schema=schema))
    known = known_keys(takers)
    for taker in takers:
        _check_names(taker, known)
    for taker in takers:
        _check_values(taker, without_budget="budget" not in config)
    if "trainer" in config:
        check_smoke(config["trainer"])
    if schema is Train:
        _check_view(config["data"])
        try_parts(config)


def known_keys(takers: Iterable[Taker]) -> list[str]:
    """Dotted keys that takers take."""
    return [taker.key(name) for taker in takers for name in taker.takes]


def _check_terms(terms: Mapping[str, Any]) -> None:
    for name, node in terms.items():
        if not isinstance(node, Mapping):
            raise ConfigError(
                f"loss.{name}={shown(node)}: expected the keys of a loss term; "
                f"did you mean loss.{name}.weight?"
            )
        if "_target_" not in node:
            raise ConfigError(explain_absent_term(name))


def _check_logger(node: Mapping[str, Any]) -> None:
    if node.get("name") in ("wandb", "none"):
        raise ConfigError(
            f"logger.name={node['name']}: is the name of the run in Weights & Biases; the logger is chosen "
            f"with logger={node['name']}, in a file with kind: {node['name']}"
        )


def _check_trainer(node: Mapping[str, Any]) -> None:
    from avqa_lit.config.build import TRAINER_KEYS_WE_SET

    for key in node:
        if key in TRAINER_KEYS_WE_SET:
            raise ConfigError(f"trainer.{key} is not taken: {TRAINER_KEYS_WE_SET[key]}")


def _check_names(taker: Taker, known: list[str]) -> None:
    for name in taker.given:
        if name not in taker.takes and not taker.takes_others:
            raise ConfigError(unknown_key(taker.key(name), known))
    missing = [name for name in taker.takes if name in taker.needs and name not in taker.node]
    if missing:
        raise ConfigError(f"{taker.path}: {taker.name} needs {', '.join(map(taker.key, missing))}")


def _check_values(taker: Taker, *, without_budget: bool) -> None:
    for name, value in taker.given.items():
        key = taker.key(name)
        open_still = value is None and without_budget and key in FILLED_BY_BUDGET
        is_default = name in taker.defaults and value == taker.defaults[name]
        if name in taker.takes and not open_still and not is_default:
            check_value(key, value, taker.takes[name])


def _check_view(data: Mapping[str, Any]) -> None:
    if data.get("view", CLEAN) != CLEAN:
        raise ConfigError(
            f"data.view={data['view']}: a run is chosen and tested on the {CLEAN} view; train on "
            "others with data.train_views, and measure them with python -m avqa_lit.evaluate"
        )
