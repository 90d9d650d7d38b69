"""Builds what is cheap to build, so that its own checks speak before anything is read or written."""

from typing import Any

from avqa_lit.errors import ConfigError

# What the trainer asks of a machine unless told otherwise.
_USUAL = {"accelerator": "auto", "devices": 1, "num_nodes": 1, "strategy": "auto", "precision": "32-true"}


def try_parts(config: dict[str, Any]) -> None:
    """Build the parts of a training run that need no data, as far as they are given, and forget them.

    Raises:
        ConfigError: a part refuses its values.
    """
    import torch
    from torch import nn

    from avqa_lit.config.build import build, build_losses, build_optimizer, refusals_told
    from avqa_lit.config.run_data import build_source, serving_of

    with refusals_told("loss"):
        build_losses(config["loss"])
    if "_target_" in config.get("data", {}):
        build_source(config["data"])
        serving_of(config["data"], trains=True)
    for group in ("schedule", "perturbation"):
        if "_target_" in config.get(group, {}):
            with refusals_told(group):
                build(config[group])
    with refusals_told("optimizer"):
        build_optimizer(config["optimizer"])([nn.Parameter(torch.zeros(1))])


def try_on_this_machine(config: dict[str, Any]) -> None:
    """Refuse what a training run asks of the machine and this machine lacks.

    Raises:
        ConfigError: a device, a strategy or a precision that is not to be had here.
    """
    import lightning as L
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    from avqa_lit.config.build import trainer_arguments

    check_device(config["data"].get("device"))
    node = config["trainer"]
    try:
        L.Trainer(
            **trainer_arguments(node), logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
    except (MisconfigurationException, ValueError, TypeError, RuntimeError, ImportError) as error:
        told = str(error).strip().partition("\n")[0].rstrip(".!")
        asked = " ".join(f"trainer.{key}={node[key]}" for key in _USUAL if node.get(key) != _USUAL[key])
        raise ConfigError(
            f"{asked or 'trainer'}: {told}; choose what this machine has, as trainer=default does"
        ) from error


def check_device(device: str | None) -> None:
    """Refuse a device for `data.device` that is not there.

    Raises:
        ConfigError: names the device.
    """
    import torch

    if device is None:
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"data.device={device}: this machine has no such device ({told}); leave the features in their "
            "files with data.device=null"
        ) from error
