"""The key that names a configuration: equal keys, equal results."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from avqa_lit.artifacts.differences import leaves

# None of these changes a weight or a count.
WITHOUT_EFFECT = ("hydra", "logger", "paths", "display", "trust", "resume", "attention", "allow_overlap")
TRAINER_WITHOUT_EFFECT = ("detect_anomaly", "profiler")


def config_key(config: Mapping[str, Any]) -> str:
    """First 12 hexadecimal digits of the SHA-256 of the canonical resolved config.

    Example:
        >>> config_key({"seed": 1, "paths": {"runs": "a"}}) == config_key({"paths": {"runs": "b"}, "seed": 1})
        True
    """
    kept = {name: value for name, value in config.items() if name not in WITHOUT_EFFECT}
    if "trainer" in kept:
        kept["trainer"] = {k: v for k, v in kept["trainer"].items() if k not in TRAINER_WITHOUT_EFFECT}
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def run_key(config: Mapping[str, Any]) -> str:
    """Key of the run with this config: another one where it goes on with an earlier run.

    Raises:
        ConfigError: `resume` names something that no run can go on from.
    """
    if config.get("resume", "never") in ("auto", "never"):
        return config_key(config)
    # Imported here, since only such a run has the driver of a sweep import torch.
    from avqa_lit.config.continuation import read_source

    return config_key({**config, "goes_on_from": read_source(config["resume"]).identity})


def differences(config: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Values of two configs by the dotted keys in which they differ and which have an effect.

    Example:
        >>> differences({"seed": 1, "model": {"dim": 64}}, {"seed": 1, "model": {"dim": 32}})
        {'model.dim': (64, 32)}
    """
    ours, theirs = (
        dict(leaves({name: value for name, value in mapping.items() if name not in WITHOUT_EFFECT}))
        for mapping in (config, other)
    )
    return {
        key: (ours.get(key), theirs.get(key))
        for key in dict.fromkeys([*ours, *theirs])
        if ours.get(key) != theirs.get(key)
    }


def told_differences(found: Mapping[str, tuple[Any, Any]], *, most: int = 5) -> str:
    """The differences in words, the values of the other config in brackets.

    Example:
        >>> told_differences({"model.dim": (64, 32)})
        'model.dim=64 (there 32)'
    """
    told = [f"{key}={_yaml(ours)} (there {_yaml(theirs)})" for key, (ours, theirs) in found.items()]
    more = [f"{len(told) - most} more"] if len(told) > most else []
    return ", ".join(told[:most] + more)


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
