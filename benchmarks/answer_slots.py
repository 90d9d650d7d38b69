"""A training step of answer_slots against one of cross_attention, equally wide.

CPU time on one thread of the model, its loss and Adam, with the depths of conf/model: on the embedded data
at their width of 128 with 18 answers, and at width 512 with the sizes and the 42 answers of MUSIC-AVQA. Each
with questions as they come, mostly about different videos, and with four about each video.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from benchmarks._official import BATCH, SPEC, Step, batch, one_thread
from benchmarks._timing import cpu, interleaved, spread

from avqa_lit.batch import Batch, ModelSpec
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.serving import Serving
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.data.texts import TextFeatures
from avqa_lit.models.answer_slots import AnswerSlots
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion

STEPS, TOGETHER = 8, 4


def measure() -> dict[str, object]:
    """Seconds of answer_slots by those of cross_attention, without tokens, since no alignment loss is on."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        ratios = {
            "embedded, width 128": _compare(*_embedded(Path(folder), together=1), dim=128),
            "embedded, width 128, grouped": _compare(*_embedded(Path(folder), together=TOGETHER), dim=128),
            "official, width 512": _compare(SPEC, [batch()], dim=512),
            "official, width 512, grouped": _compare(SPEC, [batch(videos=BATCH // TOGETHER)], dim=512),
        }
    return {"target, at most": 2, "answer_slots by cross_attention": ratios}


def _embedded(folder: Path, *, together: int) -> tuple[ModelSpec, list[Batch]]:
    concerts = SyntheticConcerts(seed=0, videos=300, questions_per_video=6, noise=0.2)
    encoder = HashingEncoder(dim=512)
    opened = concerts.prepare(cache=folder, progress=False)
    index = {split: table.text for split, table in opened.splits.items()}
    data = AVQADataModule(
        opened,
        serving=Serving(batch_size=BATCH, group_by_video=together),
        texts={"question": TextFeatures(index, opened.text_features(encoder))},
        seed=0,
    )
    return replace(data.spec, gives_tokens=False), list(
        islice(data.loader("train", shuffle=True, rank=0, world_size=1), STEPS)
    )


def _compare(spec: ModelSpec, batches: Sequence[Batch], *, dim: int) -> dict[str, float]:
    torch.manual_seed(0)
    both = ["audio", "visual"]
    networks = {
        "answer_slots": AnswerSlots(
            spec, tracks=both, dim=dim, heads=8, hidden=2 * dim, channels=3, audio_bins=6, visual_bins=1,
            evidence_noise=0.6, dropout=0.1,
        ),
        "cross_attention": CrossAttention(
            spec, question=CachedQuestion(spec), tracks=both, norm="pre", dim=dim, heads=8, blocks=4,
            queries=1, hidden=2 * dim, dropout=0.1,
        ),
    }  # fmt: skip
    steps = {name: Step(network, bfloat16=False) for name, network in networks.items()}

    def epoch(name: str) -> None:
        for one in batches:
            steps[name](one)

    seconds = interleaved({name: lambda name=name: epoch(name) for name in steps}, clock=cpu)
    pairs = zip(seconds["answer_slots"], seconds["cross_attention"], strict=True)
    return spread([ours / theirs for ours, theirs in pairs])


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
