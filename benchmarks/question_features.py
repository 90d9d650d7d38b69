"""Training with cached question features, against a transformer of RoBERTa-base's size in the loop.

Random weights, torch's own encoder layers, questions of 16 pieces; the encoder is not trained. CPU time on
one thread.
"""

import json
from dataclasses import replace

import torch
from benchmarks._official import BATCH, VISUAL, Step, batch, model, one_thread, spec_of
from benchmarks._timing import cpu, interleaved, rate, speedups
from torch import nn

PIECES, DIM = 16, 768


def measure() -> dict[str, object]:
    """Times of a step with the transformer by those with its features cached."""
    spec = replace(spec_of(VISUAL), question=DIM)
    layer = nn.TransformerEncoderLayer(DIM, 12, 4 * DIM, activation="gelu", batch_first=True)
    encoder = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False).eval()
    embedding = nn.Embedding(50_265, DIM)
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(0, 50_265, (BATCH, PIECES), generator=generator)
    cached = replace(batch(), question=torch.randn(BATCH, DIM, generator=generator))
    step = Step(model("folded", spec=spec), bfloat16=False)

    def in_the_loop() -> None:
        with torch.no_grad():
            question = encoder(embedding(words)).mean(dim=1)
        step(replace(cached, question=question))

    with one_thread():
        seconds = interleaved({"in the loop": in_the_loop, "cached": lambda: step(cached)}, clock=cpu)
    return {
        "target": 5,
        **speedups(seconds, reference="in the loop"),
        "samples a second": {name: rate(own, items=BATCH) for name, own in seconds.items()},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
