"""Rows of every process on every process, with gradients."""

from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor
from torch import distributed as dist


def gather_rows(rows: Shaped[Tensor, "row *rest"]) -> Shaped[Tensor, "all_row *rest"]:
    """Rows of all processes, which may hold unequally many, in the order of the processes.

    Call it on every process. The gradient of a row is the sum of what all processes send back to it, so
    shares of a loss that add up over processes have gradients that add up too.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows
    gathered: Tensor = _GatherRows.apply(rows)  # type: ignore[no-untyped-call]
    return gathered


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        number = torch.tensor([len(rows)], device=rows.device)
        numbers = [torch.empty_like(number) for _ in range(dist.get_world_size())]
        dist.all_gather(numbers, number)
        ctx.sizes = [int(one) for one in numbers]
        # Processes exchange tensors of one shape only.
        padded = rows.new_zeros(max(ctx.sizes), *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in ctx.sizes]
        dist.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, ctx.sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        own: Tensor = torch.split(total, ctx.sizes)[dist.get_rank()]
        return own
