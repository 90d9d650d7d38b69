"""How many threads a process computes with."""

from typing import Any

import torch

from avqa_lit.config.sweep.slots import available_cores


def set_threads(trainer: dict[str, Any]) -> int:
    """Set and return the number of threads of each process."""
    threads = trainer["threads"]
    if threads == "auto":
        devices = trainer["devices"]
        processes = devices if trainer["accelerator"] == "cpu" and isinstance(devices, int) else 1
        threads = max(1, available_cores() // processes)
    torch.set_num_threads(int(threads))
    return int(threads)
