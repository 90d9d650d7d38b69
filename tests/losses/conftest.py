import pytest
import torch

from avqa_lit.batch import Batch, ModelOutput, Seats, Track


@pytest.fixture
def make_batch():
    """Builds a batch in which only what losses read is meaningful."""

    def make(video, *, videos, total=None, weight=None, answer=None, clip=None):
        count = len(video)
        ints = torch.zeros(count, dtype=torch.int64)
        asked = torch.tensor(video, dtype=torch.int64)
        return Batch(
            tracks={},
            clip=torch.arange(videos) if clip is None else torch.tensor(clip),
            texts={},
            words=ints[:, None],
            video=asked,
            seats=Seats.of(asked, videos=videos),
            answer=ints if answer is None else torch.tensor(answer, dtype=torch.int64),
            category=ints,
            row=torch.arange(count),
            weight=torch.tensor([1.0] * count if weight is None else weight, dtype=torch.float64),
            total=count if total is None else total,
        )

    return make


@pytest.fixture
def make_track():
    """Builds a track of float64 values; rows beyond a video's length hold `rubbish`."""

    def make(lengths, *, rate, width=5, start=0.0, seed=0, padding=0, rubbish=0.0):
        generator = torch.Generator().manual_seed(seed)
        time = max(lengths) + padding
        mask = torch.arange(time) < torch.tensor(lengths)[:, None]
        values = torch.full((len(lengths), time, width), rubbish, dtype=torch.float64)
        for video, length in enumerate(lengths):
            values[video, :length] = torch.randn(length, width, generator=generator, dtype=torch.float64)
        seconds = (start + rate * torch.arange(time, dtype=torch.float64)).expand(len(lengths), -1)
        return Track(values, mask, torch.where(mask, seconds, 0.0))

    return make


@pytest.fixture
def make_tracks(make_track):
    """Audio of 0.96 s a row and visual of 0.4 s a row about three videos, unequally long."""

    def make(**changes):
        return (
            make_track((11, 3, 1), rate=0.96, seed=1, **changes),
            make_track((17, 13, 2), rate=0.4, seed=2, **changes),
        )

    return make


@pytest.fixture
def make_output():
    """What a model gives that is only asked for its tokens."""

    def make(audio, visual, questions):
        return ModelOutput(torch.zeros(questions, 7), {"audio": audio, "visual": visual})

    return make
