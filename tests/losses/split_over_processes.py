"""Prints value and gradient of every alignment term, for one process and for splits over several.

``{"alone": {term: [value, gradient, ...]}, split: {...}, ...}`` as JSON; gradients are those that
DistributedDataParallel leaves in a small model, with the factor that a training step gives its share.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from torch import distributed as dist
from torch import multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from avqa_lit.batch import Batch, ModelOutput, Seats, Track
from avqa_lit.losses.cca import CCA
from avqa_lit.losses.cosine import Cosine
from avqa_lit.losses.info_nce import InfoNCE
from avqa_lit.losses.kl import KL
from avqa_lit.losses.soft_dtw import SoftDTW

VIDEO_OF_QUESTION = (0, 4, 1, 1, 0, 2, 3, 1, 4)
AUDIO_LENGTHS, VISUAL_LENGTHS = (7, 3, 1, 5, 2), (2, 5, 3, 1, 4)
# Rows of the step's questions that each process holds; one without any runs a stand-in of weight 0.
SPLITS = {
    "by turns": [[0, 2, 4, 6, 8], [1, 3, 5, 7]],
    "unequal numbers of videos": [[0, 1, 2, 5, 6, 8], [3, 4, 7]],
    "one video on one process": [[4], [0, 1, 2, 3, 5, 6, 7, 8]],
    "a stand-in": [[*range(9)], []],
    "three": [[0, 3, 6], [1, 4, 7], [2, 5, 8]],
    "three, and one without a question": [[0, 3, 6, 5], [], [2, 1, 4, 7, 8]],
}
LEVELS = ("clip", "frame")
TERMS = (
    {
        f"kl {axis} {level}": KL(direction="forward", temperature=0.7, axis=axis, level=level)
        for axis in ("dim", "time")
        for level in LEVELS
    }
    | {f"cosine {level}": Cosine(level=level) for level in LEVELS}
    | {f"info_nce {level}": InfoNCE(temperature=0.2, level=level) for level in LEVELS}
    | {f"cca {level}": CCA(ridge=0.1, level=level) for level in LEVELS}
    | {"soft_dtw": SoftDTW(gamma=0.3, cost="cosine", seconds_weight=0.1)}
)


class Tokens(nn.Module):
    """Audio and visual tokens through two layers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.audio, self.visual = nn.Linear(2, 3).double(), nn.Linear(5, 3).double()

    def forward(self, batch):
        audio, visual = batch.tracks["audio"], batch.tracks["visual"]
        return ModelOutput(
            logits=torch.zeros(len(batch.video), 1),
            tokens={
                "audio": Track(self.audio(audio.values), audio.mask, audio.seconds),
                "visual": Track(self.visual(visual.values), visual.mask, visual.seconds),
            },
        )


def track(lengths, clips, *, width, rate):
    """The same rows for a clip wherever it is carried, padded to the longest here."""
    values = torch.randn(
        len(lengths), max(lengths), width, generator=torch.Generator().manual_seed(width), dtype=torch.float64
    )
    kept = torch.tensor(lengths)[clips]
    mask = torch.arange(int(kept.max())) < kept[:, None]
    seconds = (rate * torch.arange(mask.shape[1])).expand_as(mask)
    return Track(
        values[clips, : mask.shape[1]] * mask[..., None], mask, seconds.masked_fill(~mask, 0.0).double()
    )


def batch_of(rows):
    weight = torch.ones(max(1, len(rows))) if rows else torch.zeros(1)
    clips, video = torch.tensor([VIDEO_OF_QUESTION[row] for row in rows or [0]]).unique(return_inverse=True)
    unread = torch.zeros(len(video), dtype=torch.int64)
    return Batch(
        tracks={
            "audio": track(AUDIO_LENGTHS, clips, width=2, rate=0.5),
            "visual": track(VISUAL_LENGTHS, clips, width=5, rate=0.8),
        },
        clip=clips,
        texts={},
        words=unread[:, None],
        video=video,
        seats=Seats.of(video, videos=len(clips)),
        answer=unread,
        category=unread,
        row=unread,
        weight=weight.double(),
        total=len(VIDEO_OF_QUESTION),
    )


def values_and_gradients(model, rows, world_size):
    """Of every term: the sum of the shares, and the gradients of all parameters in a row."""
    batch, found = batch_of(rows), {}
    for name, term in TERMS.items():
        model.zero_grad()
        share = term(model(batch), batch)
        (share * world_size).backward()
        value = share.detach().clone()
        if world_size > 1:
            dist.all_reduce(value)
        found[name] = [value.item(), *torch.cat([one.grad.flatten() for one in model.parameters()]).tolist()]
    return found


def process(rank, world_size, folder):
    """All splits over so many processes; the last writes what it found."""
    torch.set_num_threads(1)
    store = f"file://{folder}/store{world_size}"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=world_size)
    model = DistributedDataParallel(Tokens())
    found = {
        split: values_and_gradients(model, parts[rank], world_size)
        for split, parts in SPLITS.items()
        if len(parts) == world_size
    }
    if rank == world_size - 1:
        Path(folder, f"found{world_size}.json").write_text(json.dumps(found), encoding="utf-8")
    dist.destroy_process_group()


def main():
    torch.set_num_threads(1)
    found = {"alone": values_and_gradients(Tokens(), [*range(len(VIDEO_OF_QUESTION))], 1)}
    with tempfile.TemporaryDirectory() as folder:
        for world_size in (2, 3):
            multiprocessing.start_processes(
                process, (world_size, folder), nprocs=world_size, start_method="fork"
            )
            found |= json.loads(Path(folder, f"found{world_size}.json").read_text("utf-8"))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
