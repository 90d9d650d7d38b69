"""How many processes train one run, and whether this one has a rank among them."""

import os
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch.utilities import rank_zero_only

from avqa_lit.config.sweep.job_process import without_ranks
from avqa_lit.errors import ConfigError


def processes_of(trainer: Mapping[str, Any]) -> int:
    """Number of processes on all machines that a trainer config asks for.

    Example:
        >>> processes_of({"accelerator": "cpu", "devices": 2, "num_nodes": 3})
        6
        >>> processes_of({"accelerator": "gpu", "devices": "0,"})
        1
    """
    return _devices(trainer) * int(trainer.get("num_nodes") or 1)


def _devices(trainer: Mapping[str, Any]) -> int:
    devices = trainer.get("devices", 1)
    if isinstance(devices, list):
        return len(devices)
    if devices in ("auto", -1, "-1"):
        uses_gpus = trainer.get("accelerator", "auto") in ("auto", "gpu", "cuda")
        return max(1, torch.cuda.device_count()) if uses_gpus else 1
    if isinstance(devices, str) and "," in devices:
        return len([device for device in devices.split(",") if device.strip()])
    return int(devices)


def settle_rank(trainer: Mapping[str, Any]) -> None:
    """Make this process the first of its run where the run has one process only.

    A scheduler numbers the tasks that it starts, and Lightning takes such a number for a rank when it is
    imported. Where each task is a run of its own, all of them but the first would write no file.

    Raises:
        ConfigError: torchrun started several processes for a trainer of one.
    """
    if processes_of(trainer) > 1:
        return
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("WORLD_SIZE", "1") != "1":
        count = os.environ["WORLD_SIZE"]
        raise ConfigError(
            f"torchrun started {count} processes, but trainer.devices={trainer.get('devices', 1)} trains in "
            "one; give trainer=ddp or trainer=ddp_cpu with as many trainer.devices as torchrun starts on "
            "each machine, or start without torchrun"
        )
    for name in os.environ.keys() - without_ranks(os.environ).keys():
        del os.environ[name]
    rank_zero_only.rank = 0  # type: ignore[attr-defined]  # Lightning declares it as an attribute only
