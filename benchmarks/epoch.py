"""A whole epoch of official size on one core: 31,927 questions about 9,288 videos, from the packed store.

Seconds of CPU, and the share of the machine's matrix-product peak: operations that torch counts in a step, by
what a product of large matrices reaches in the same precision.
"""

import json
import tempfile
from pathlib import Path

import torch
from benchmarks._official import BATCH, QUESTIONS, VIDEOS, Step, data_of, model, one_thread, store
from benchmarks._timing import cpu, interleaved
from torch.utils.flop_counter import FlopCounterMode

from avqa_lit.config.precision import precision_on

SIZE = 2048


def measure() -> dict[str, object]:
    """Seconds of one epoch in each precision that the machine computes in."""
    precisions = {"float32": False}
    if precision_on("auto", accelerator="cpu") == "bf16-mixed":
        precisions["bfloat16"] = True
    with tempfile.TemporaryDirectory() as folder, one_thread():
        data = data_of(store(Path(folder) / "store"))
        return {
            "questions": QUESTIONS,
            "videos": VIDEOS,
            **{name: _epoch(data, bfloat16=half) for name, half in precisions.items()},
        }


def _epoch(data: object, *, bfloat16: bool) -> dict[str, float]:
    step = Step(model("folded"), bfloat16=bfloat16)
    batches = data.loader("train", shuffle=True, rank=0, world_size=1)  # type: ignore[attr-defined]
    first = next(iter(batches))
    with FlopCounterMode(display=False) as counter:
        step(first)
    began = cpu()
    for batch in batches:
        step(batch)
    seconds = cpu() - began
    operations = counter.get_total_flops() * QUESTIONS / BATCH
    return {
        "seconds": round(seconds, 1),
        "questions a second": round(QUESTIONS / seconds, 1),
        "share of peak": round(operations / seconds / _peak(bfloat16=bfloat16), 3),
    }


def _peak(*, bfloat16: bool) -> float:
    """Operations a second of a product of large matrices, at the best of the rounds."""
    matrix = torch.randn(SIZE, SIZE, dtype=torch.bfloat16 if bfloat16 else torch.float32)
    seconds = interleaved({"product": lambda: matrix @ matrix}, clock=cpu)["product"]
    return 2 * SIZE**3 / min(seconds)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
