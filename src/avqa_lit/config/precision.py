"""Precision of a run where the hardware decides."""

from typing import Any, Literal

import torch

# Weights are float32 in all: Lightning's others convert the batches, which are frozen.
Precision = Literal["auto", "32-true", "16-mixed", "bf16-mixed", "32", "16", "bf16", 32, 16]

# What a CPU has that multiplies matrices of bfloat16 faster than those of float32.
BFLOAT16_UNITS = ("amx_bf16", "avx512_bf16")


def precision_on(precision: str, *, accelerator: str) -> str:
    """The precision that Lightning is given for `trainer.precision`.

    ``auto`` is bfloat16 autocast where the hardware computes in bfloat16 itself, and float32 elsewhere;
    weights and their updates are float32 in both. Any other name goes through as it is.

    Args:
        precision: auto, or a name that Lightning knows.
        accelerator: as in `trainer.accelerator`.
    """
    if precision != "auto":
        return precision
    on_gpu = accelerator in ("gpu", "cuda") or (accelerator == "auto" and torch.cuda.is_available())
    has_bfloat16 = _gpu_has_bfloat16() if on_gpu else _cpu_has_bfloat16()
    return "bf16-mixed" if has_bfloat16 else "32-true"


def _gpu_has_bfloat16() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def _cpu_has_bfloat16() -> bool:
    # Older versions of torch cannot tell.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(unit, False) for unit in BFLOAT16_UNITS)
