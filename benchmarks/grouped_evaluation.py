"""Evaluation that puts questions about a video together, four a video, against one question a video a step.

CPU time on one thread of gathering and of the model; vectors, and 14x14 maps of ten frames a video.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from benchmarks._official import BATCH, MAPS, ROWS, VISUAL, data_of, model, one_thread, spec_of, store
from benchmarks._timing import cpu, interleaved, speedups

QUESTIONS_PER_VIDEO = 4


def measure() -> dict[str, object]:
    """Times of one question a video by those of four, in steps of equally many questions."""
    with tempfile.TemporaryDirectory() as folder, one_thread():
        return {
            "target": 1.5,
            "vectors": _compare(Path(folder) / "vectors", visual=VISUAL, rows=ROWS, questions=BATCH),
            "maps": _compare(Path(folder) / "maps", visual=MAPS, rows=10, questions=BATCH // 4),
        }


def _compare(folder: Path, *, visual: tuple[int, ...], rows: int, questions: int) -> dict[str, object]:
    # Question n is about video n modulo their number.
    videos = questions * 2
    asked = {"train": videos * QUESTIONS_PER_VIDEO, "val": 1, "test": 1}
    data = data_of(store(folder, videos=videos, asked=asked, visual=visual, rows=rows))
    network = model("folded", spec=spec_of(visual)).eval()
    apart = np.arange(questions)
    together = np.concatenate(
        [np.arange(questions // QUESTIONS_PER_VIDEO) + videos * turn for turn in range(QUESTIONS_PER_VIDEO)]
    )

    def evaluate(rows: np.ndarray) -> None:
        with torch.no_grad():
            network(data.gather("train", rows, total=questions))

    ways = {"apart": lambda: evaluate(apart), "together": lambda: evaluate(together)}
    return speedups(interleaved(ways, clock=cpu), reference="apart")


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
