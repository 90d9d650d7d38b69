"""From 1,000 to 100,000 videos and up to a million questions: start-up, memory, and time of a batch.

The features are sparse files, which take no room on the disk and read as zeros. Annotations are a file in the
published format.
"""

import json
import math
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from benchmarks._official import AUDIO, BATCH, ROWS, VISUAL, store
from benchmarks._timing import cpu, interleaved, rate, spread

from avqa_lit.data.annotations import read_annotations

SIZES = {1_000: 10_000, 10_000: 100_000, 100_000: 1_000_000}
PARSED = 200_000
BATCHES = 10


def measure() -> dict[str, object]:
    """What each size costs, and the exponent with which it grows between the smallest and the largest."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {str(videos): _opened(Path(folder) / str(videos), videos) for videos in SIZES}
        first, *_, last = sizes.values()
        growth = math.log(max(SIZES) / min(SIZES))
        return {
            "target, annotations a second": 200_000,
            "annotations a second": _annotations(Path(folder)),
            "videos": sizes,
            "slope": {name: round(math.log(last[name] / first[name]) / growth, 2) for name in first},
        }


def _opened(folder: Path, videos: int) -> dict[str, float]:
    """Start-up and batches in a process of their own, whose memory is measured."""
    _sparse_store(folder, videos=videos, questions=SIZES[videos])
    code = (
        "import sys; from pathlib import Path; from benchmarks.scale import report; report(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        (sys.executable, "-c", code, str(folder)), check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def report(folder: Path) -> None:
    """Print what opening the store and taking batches from it costs."""
    from benchmarks._official import data_of

    from avqa_lit.data.store import FeatureStore

    began = cpu()
    data = data_of(FeatureStore.open(folder))
    start_up = cpu() - began
    began = cpu()
    next(iter(data.loader("train", shuffle=True, rank=0, world_size=1)))
    first = cpu() - began
    steps = np.random.default_rng(0).integers(len(data.store.splits["train"]), size=(BATCHES, BATCH))
    seconds = interleaved(
        {"warm": lambda: [data.gather("train", rows, total=BATCH) for rows in steps]}, clock=cpu
    )
    measured = {
        "start-up, seconds": round(start_up, 3),
        "first batch of an epoch, milliseconds": round(1e3 * first, 3),
        "batch, milliseconds": round(1e3 * spread(seconds["warm"])["median"] / BATCHES, 3),
        "memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(measured))


def _sparse_store(folder: Path, *, videos: int, questions: int) -> None:
    """A store whose arrays are holes: packed with rows of one number, then widened."""
    store(folder, videos=videos, asked={"train": questions, "val": 1, "test": 1}, visual=(1,), rows=1)
    meta = json.loads((folder / "store.json").read_text("utf-8"))
    with np.load(folder / "index.npz") as file:
        index = dict(file)
    for name, row in (("audio", AUDIO), ("visual", VISUAL)):
        path = folder / f"{name}.npy"
        entries = len(index[f"{name}_length"])
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(entries * ROWS, *row)).flush()
        index |= {f"{name}_length": np.full(entries, ROWS), f"{name}_first_row": np.arange(entries) * ROWS}
        meta["files"][path.name]["bytes"] = path.stat().st_size
    np.savez(folder / "index.npz", **index)
    meta["files"]["index.npz"]["bytes"] = (folder / "index.npz").stat().st_size
    (folder / "store.json").write_text(json.dumps(meta), "utf-8")


def _annotations(folder: Path) -> dict[str, float]:
    rows = [
        {
            "video_id": f"{row // 4:08d}", "question_id": row, "type": '["Audio", "Comparative"]',
            "question_content": "Is the <Object> louder than the <Object>?",
            "templ_values": f'["piano", "violin {row % 50}"]', "question_deleted": 0, "anser": "yes",
        }
        for row in range(PARSED)
    ]  # fmt: skip
    path = folder / "annotations.json"
    path.write_text(json.dumps(rows), "utf-8")
    ways = {"read": lambda: read_annotations(path), "json": lambda: json.loads(path.read_bytes())}
    seconds = interleaved(ways, clock=cpu)
    return {
        "median": rate(seconds["read"], items=PARSED),
        "lowest": round(PARSED / max(seconds["read"]), 1),
        "json alone": rate(seconds["json"], items=PARSED),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
