from dataclasses import replace

import pytest
import torch

from avqa_lit.batch import Batch, ModelSpec, Seats, Text, TextSpec, Track, TrackSpec

SPEC = ModelSpec(
    tracks={"audio": TrackSpec("audio", (7,)), "visual": TrackSpec("visual", (3, 5))},
    texts={"question": TextSpec(11, 11)},
    words=19,
    answers=13,
)


def random_track(generator, videos, time, row_shape):
    values = torch.randn(videos, time, *row_shape, generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, time + 1, (videos,), generator=generator)
    mask = torch.arange(time) < lengths[:, None]
    seconds = torch.where(mask, torch.arange(time) * 0.96, 0.0).double()
    return Track(values * mask.reshape(*mask.shape, *[1] * len(row_shape)), mask, seconds)


@pytest.fixture
def spec():
    return SPEC


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(5)
    video = torch.tensor([0, 1, 1, 3, 2, 3, 0, 2, 1])
    mask = torch.arange(4) < torch.tensor([4, 2, 1, 3, 0, 4, 1, 2, 3])[:, None]
    sentence, tokens = (
        torch.randn(*shape, 11, generator=generator, dtype=torch.float64) for shape in ((9,), (9, 4))
    )
    return Batch(
        tracks={
            "audio": random_track(generator, 4, 6, (7,)),
            "visual": random_track(generator, 4, 5, (3, 5)),
        },
        clip=torch.arange(4),
        texts={"question": Text(sentence, tokens * mask[..., None], mask)},
        words=torch.randint(1, SPEC.words + 2, (9, 4), generator=generator) * mask,
        video=video,
        seats=Seats.of(video, videos=4),
        answer=torch.randint(0, SPEC.answers, (9,), generator=generator),
        category=torch.arange(9),
        row=torch.arange(9),
        weight=torch.ones(9, dtype=torch.float64),
        total=9,
    )


@pytest.fixture
def padded_batch(batch):
    """The batch with three more rows of padding in each track."""

    def longer(track):
        pad = torch.full((4, 3, *track.values.shape[2:]), 9.0, dtype=torch.float64)
        return Track(
            torch.cat([track.values, pad], 1),
            torch.cat([track.mask, torch.zeros(4, 3, dtype=torch.bool)], 1),
            torch.cat([track.seconds, torch.zeros(4, 3, dtype=torch.float64)], 1),
        )

    return replace(batch, tracks={name: longer(track) for name, track in batch.tracks.items()})
