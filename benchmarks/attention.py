"""Training and evaluation with folded attention, against the same model with scaled_dot_product_attention.

CPU time on one thread; two blocks of width 512, 120 tokens, 64 questions about 64 videos a step.
"""

import json

import torch
from benchmarks._official import BATCH, Step, batch, model, one_thread
from benchmarks._timing import ROUNDS, cpu, interleaved, rate, speedups

from avqa_lit.config.precision import precision_on

ROUNDS_OF_STEPS = 3 * ROUNDS


def measure() -> dict[str, object]:
    """Times of the reference in float32 by those of each form: the median of the rounds with its spread."""
    data = batch()
    forms = {
        "reference": ("reference", False),
        "folded": ("folded", False),
        "folded bfloat16": ("folded", True),
    }
    forms["reference bfloat16"] = ("reference", True)
    steps = {name: Step(model(form), bfloat16=half) for name, (form, half) in forms.items()}
    networks = {name: (model(form).eval(), half) for name, (form, half) in forms.items()}

    def evaluate(name: str) -> None:
        network, half = networks[name]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            network(data)

    with one_thread():
        training = interleaved(
            {name: lambda s=step: s(data) for name, step in steps.items()}, clock=cpu, rounds=ROUNDS_OF_STEPS
        )
        evaluation = interleaved(
            {name: lambda n=name: evaluate(n) for name in networks}, clock=cpu, rounds=ROUNDS_OF_STEPS
        )
    return {
        "targets": {"training, float32": 4.5, "training, bfloat16": 6.5, "evaluation, bfloat16": 5.5},
        "bfloat16 units": precision_on("auto", accelerator="cpu") == "bf16-mixed",
        "training": speedups(training, reference="reference"),
        "evaluation": speedups(evaluation, reference="reference"),
        "training samples a second": {name: rate(own, items=BATCH) for name, own in training.items()},
        "evaluation samples a second": {name: rate(own, items=BATCH) for name, own in evaluation.items()},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
