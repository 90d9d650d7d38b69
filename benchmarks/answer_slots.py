"""A training step of answer_slots against one of cross_attention, equally wide, on the embedded data.

CPU time on one thread of the model, its loss and Adam, with the widths and depths of conf/model.
"""

import json
import tempfile
from itertools import islice
from pathlib import Path

import torch
from benchmarks._official import Step, one_thread
from benchmarks._timing import cpu, interleaved, spread

from avqa_lit.batch import DataSpec
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.models.answer_slots import AnswerSlots
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion

STEPS = 8


def measure() -> dict[str, object]:
    """Seconds of answer_slots by those of cross_attention, without tracks, since no alignment loss is on."""
    concerts = SyntheticConcerts(seed=0, videos=300, questions_per_video=6, noise=0.2, batch_size=64)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        encoder = HashingEncoder(dim=512)
        opened = concerts.prepare(encoder, cache=Path(folder), progress=False)
        data = AVQADataModule(opened, text_features=opened.text_features(encoder), batch_size=64, seed=0)
        batches = list(islice(data.loader("train", shuffle=True, rank=0, world_size=1), STEPS))
        steps = {name: Step(network, bfloat16=False) for name, network in _networks(data.spec).items()}

        def epoch(name: str) -> None:
            for batch in batches:
                steps[name](batch)

        seconds = interleaved({name: lambda name=name: epoch(name) for name in steps}, clock=cpu)
    ratios = [
        ours / theirs
        for ours, theirs in zip(seconds["answer_slots"], seconds["cross_attention"], strict=True)
    ]
    return {"target, at most": 2, "answer_slots by cross_attention": spread(ratios)}


def _networks(spec: DataSpec) -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    networks = {
        "answer_slots": AnswerSlots(
            spec, dim=128, heads=8, hidden=256, channels=3, audio_bins=6, visual_bins=1, exchanges=2,
            dropout=0.1,
        ),
        "cross_attention": CrossAttention(
            spec, question=CachedQuestion(spec), modalities=["audio", "visual"], norm="pre", dim=128, heads=8,
            blocks=4, queries=1, hidden=256, dropout=0.1,
        ),
    }  # fmt: skip
    for network in networks.values():
        network.gives_tracks = False
    return networks


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
