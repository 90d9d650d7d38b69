"""In which config keys the runs differ, and what to call a configuration."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from avqa_lit.artifacts.results import Results
from avqa_lit.console import visible

KL = "loss.kl."
KL_WEIGHT = f"{KL}weight"
NORM = "model.norm"

# None of these makes another experiment: runs that differ in nothing else repeat each other.
NOT_COMPARED = (
    "hydra", "logger", "paths", "display", "trust", "study", "experiment", "resume", "attention",
    "allow_overlap", "seed",
)  # fmt: skip
NAMES = {
    KL_WEIGHT: "KL weight",
    "loss.kl.direction": "direction",
    "loss.kl.level": "level",
    "loss.info_nce.weight": "InfoNCE weight",
    "loss.cca.weight": "CCA weight",
    "loss.soft_dtw.weight": "soft-DTW weight",
    "loss.cosine.weight": "cosine weight",
    NORM: "norm",
    "model.tracks": "tracks",
    "model.modalities": "tracks",  # the name that it had first
    "perturbation.feature_noise": "feature noise",
    "perturbation.time_mask": "time mask",
    "perturbation.modality_dropout": "modality dropout",
    "perturbation.time_shift": "time shift",
    "data.train_views": "training views",
    "optimizer.lr": "learning rate",
    "data.batch_size": "batch size",
    "trainer.max_epochs": "epochs",
    "budget.name": "budget",
}

Settings = Mapping[str, Any]


def flat_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves of a resolved config by dotted key, without the keys that make no other experiment.

    Of a loss term with weight 0 the weight alone is kept: nothing reads the rest.

    Example:
        >>> flat_settings({"seed": 3, "loss": {"kl": {"weight": 0, "level": "clip"}}, "model": {"dim": 64}})
        {'loss.kl.weight': 0, 'model.dim': 64}
    """
    kept = dict(leaves({name: value for name, value in config.items() if name not in NOT_COMPARED}))
    off = tuple(
        key.removesuffix("weight")
        for key, value in kept.items()
        if _is_of_loss(key) and key.endswith(".weight") and value == 0
    )
    return {key: value for key, value in kept.items() if not key.startswith(off) or key.endswith(".weight")}


def leaves(node: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Values of a nested config by their dotted keys.

    Example:
        >>> leaves({"model": {"dim": 64}, "seed": 3})
        [('model.dim', 64), ('seed', 3)]
    """
    if not isinstance(node, Mapping) or not node:
        return [(prefix, node)] if prefix else []
    return [
        leaf
        for name, value in node.items()
        for leaf in leaves(value, f"{prefix}.{name}" if prefix else str(name))
    ]


def differing_keys(settings: Sequence[Settings]) -> list[str]:
    """Dotted keys whose values differ, in the order of the config.

    Where a whole group was exchanged, its class (``schedule._target_``) or its name (``budget.name``)
    stands for the keys that follow from it. Options of a loss term are compared where it is on.
    """
    keys = list(dict.fromkeys(key for one in settings for key in one))
    values = {key: [canonical(one.get(key)) for one in settings] for key in keys}
    differing = [
        key
        for key in keys
        if len({canonical(one.get(key)) for one in settings if key in one or not _is_of_loss(key)}) > 1
    ]
    heads = [key for key in differing if key.rpartition(".")[2] in ("_target_", "name")]
    return [
        key
        for key in differing
        if not any(
            head != key
            and key.startswith(head.rpartition(".")[0] + ".")
            and len(set(zip(values[head], values[key], strict=True))) == len(set(values[head]))
            for head in heads
        )
    ]


def keys_of_some_versions(runs: Sequence[tuple[Settings, Results | None]]) -> list[str]:
    """Keys that runs lack since the version of the package that made them did not know them.

    Such a key has one value wherever it stands, nobody gave it on a command line, and no version made both
    runs with it and runs without it. What it does to a run without it is what that version always did.

    Args:
        runs: settings and results of each; None for one that has not ended.
    """
    made = [(settings, canonical(_code(results))) for settings, results in runs]
    given = {
        text.lstrip("+~").partition("=")[0]
        for _, results in runs
        if results is not None
        for text in results.overrides
    }
    found = []
    for key in dict.fromkeys(key for settings, _ in made for key in settings):
        having = {version for settings, version in made if key in settings}
        lacking = {version for settings, version in made if key not in settings}
        values = {canonical(settings[key]) for settings, _ in made if key in settings}
        if lacking and not having & lacking and len(values) == 1 and key not in given:
            found.append(key)
    return found


def _code(results: Results | None) -> tuple[str | None, str | None]:
    return (None, None) if results is None else (results.versions.get("avqa_lit"), results.git)


def _is_of_loss(key: str) -> bool:
    return key.startswith("loss.")


def canonical(value: Any) -> str:
    """Text that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def key_name(key: str) -> str:
    """What to call a key in a sentence.

    Example:
        >>> key_name("loss.kl.weight"), key_name("schedule._target_"), key_name("model.dim")
        ('KL weight', 'schedule', 'model.dim')
    """
    return NAMES.get(key, visible(key.removesuffix("._target_")))


def value_name(value: Any) -> str:
    """What to call a value in a sentence.

    Example:
        >>> value_name(1e-4), value_name(["audio", "visual"]), value_name("avqa_lit.models.avst.AVST")
        ('0.0001', 'audio + visual', 'AVST')
    """
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return " + ".join(value_name(one) for one in value) or "none"
    if isinstance(value, str):
        return value.rpartition(".")[2] if value.startswith("avqa_lit.") else visible(value)
    return "none" if value is None else canonical(value)


def label(settings: Settings, keys: Sequence[str]) -> str:
    """Name of a configuration: the keys in which it differs from the others, and their values.

    Where several loss terms or perturbations come and go, those that are off are not told one by one.
    """
    if not keys:
        return "The one configuration"
    switches = [key for key in keys if _is_switch(key)]
    told = [
        key
        for key in keys
        if key in settings and not (len(switches) > 1 and key in switches and settings[key] in (0, [], None))
    ]
    named = " · ".join(f"{key_name(key)} {value_name(settings[key])}" for key in told)
    return named or ("none of them" if switches else "as trained")


def _is_switch(key: str) -> bool:
    is_weight = _is_of_loss(key) and key.endswith(".weight")
    return is_weight or key.startswith("perturbation.") or key == "data.train_views"


def is_number(value: Any) -> bool:
    """Whether a value has a place on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool)
