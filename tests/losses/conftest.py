import pytest
import torch

from avqa_lit.batch import Batch, Track


@pytest.fixture
def make_batch():
    """Builds a batch in which only what losses read is meaningful."""

    def make(video, *, videos, total=None, weight=None, answer=None):
        count = len(video)
        ints = torch.zeros(count, dtype=torch.int64)
        track = Track(
            torch.zeros(videos, 1, 1), torch.ones(videos, 1, dtype=torch.bool), torch.zeros(videos, 1)
        )
        return Batch(
            audio=track,
            visual=track,
            clip=torch.arange(videos),
            question=torch.zeros(count, 1),
            words=ints[:, None],
            video=torch.tensor(video, dtype=torch.int64),
            answer=ints if answer is None else torch.tensor(answer, dtype=torch.int64),
            category=ints,
            row=torch.arange(count),
            weight=torch.tensor([1.0] * count if weight is None else weight, dtype=torch.float64),
            total=count if total is None else total,
        )

    return make
