"""How many threads a process computes with."""

from typing import Any

import torch

from avqa_lit.config.processors import Processors, usable_threads


def set_threads(trainer: dict[str, Any]) -> Processors:
    """Set the number of threads of this process; that number, and what decided it."""
    threads = trainer["threads"]
    if threads in (None, "auto"):
        chosen = usable_threads(_processes(trainer))
    else:
        chosen = Processors(int(threads), f"trainer.threads={threads}")
    torch.set_num_threads(chosen.count)
    return chosen


def _processes(trainer: dict[str, Any]) -> int:
    """Processes of the run on this machine."""
    devices = trainer["devices"]
    if isinstance(devices, list):
        return len(devices)
    if isinstance(devices, int) and devices > 0:
        return devices
    return 1 if trainer["accelerator"] == "cpu" else max(1, torch.cuda.device_count())
