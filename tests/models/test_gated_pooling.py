from dataclasses import replace

import pytest
import torch

from avqa_lit.batch import Track
from avqa_lit.models.gated_pooling import GatedPooling, time_parts

SLOTS, CHANNELS = 3, 2


def pooling_of(row_shape, *, bins=2, dim=11):
    torch.manual_seed(0)
    return GatedPooling(row_shape, dim=dim, slots=SLOTS, channels=CHANNELS, bins=bins).double()


def track_of(*lengths, row_shape=(7,), time=None):
    time = time or max(lengths)
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(len(lengths), time, *row_shape, generator=generator, dtype=torch.float64)
    mask = torch.arange(time) < torch.tensor(lengths)[:, None]
    return Track(values, mask, torch.arange(time, dtype=torch.float64).expand(len(lengths), -1))


@pytest.mark.parametrize("row_shape", [(7,), (5, 7), (7, 2, 3)])
@pytest.mark.parametrize("bins", [1, 2, 5])
def test_evidence_equals_a_slow_loop(row_shape, bins):
    pooling, track = pooling_of(row_shape, bins=bins), track_of(6, 3, row_shape=row_shape)
    pooled = pooling(track)
    parts = time_parts(track, bins)
    patches = {1: 1, 2: row_shape[0], 3: 6}[len(row_shape)]
    assert pooled.evidence.shape == (2, SLOTS, pooling.evidence)
    for video in range(2):
        amounts = torch.zeros(SLOTS, bins, patches, 1 + CHANNELS, dtype=torch.float64)
        kinds, opened = torch.zeros(SLOTS, CHANNELS, dtype=torch.float64), torch.zeros(SLOTS, 1).double()
        for time in range(int(track.mask[video].sum())):
            row = track.values[video, time]
            places = row.flatten(1).T if len(row_shape) == 3 else row.reshape(patches, -1)
            for patch, place in enumerate(places):
                hidden = pooling.hidden(place)
                gate = pooling.gate(hidden).sigmoid()[:, None]
                read = gate * pooling.read(hidden).reshape(SLOTS, CHANNELS)
                for part in range(bins):
                    amounts[:, part, patch] += parts[video, time, part] * torch.cat([gate, read], 1)
                kinds, opened = kinds + read, opened + gate
        expected = torch.cat([amounts.flatten(1), kinds / (opened + 0.1)], dim=1)
        torch.testing.assert_close(pooled.evidence[video], expected)


def test_parts_of_the_time_cover_it_evenly():
    parts = time_parts(track_of(5), 3)[0]
    expected = torch.tensor([[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]).double()
    torch.testing.assert_close(parts.double(), expected / expected.sum(dim=0))


@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("bins", [1, 6])
def test_every_part_is_a_mean_or_nothing(length, bins):
    sums = time_parts(track_of(length, time=7), bins).sum(dim=1)
    assert torch.isin(sums.round(decimals=5), torch.tensor([0.0, 1.0])).all()
    assert sums[0, 0] == 1


def test_padding_is_not_pooled():
    pooling, track = pooling_of((7,)), track_of(4, 2)
    pad = torch.full((2, 3, 7), 9.0, dtype=torch.float64)
    padded = Track(
        torch.cat([track.values, pad], dim=1),
        torch.cat([track.mask, torch.zeros(2, 3, dtype=torch.bool)], dim=1),
        torch.zeros(2, 7, dtype=torch.float64),
    )
    torch.testing.assert_close(pooling(padded).evidence, pooling(track).evidence)
    assert not pooling(padded).gates[:, 4:].any()


def test_a_slot_knows_how_long_and_in_which_order():
    """What sounds twice as long is twice the amount; a softmax over time would give the same mean."""
    pooling = pooling_of((7,), bins=1)
    row, silence = torch.randn(7, dtype=torch.float64), torch.zeros(7, dtype=torch.float64)
    with torch.no_grad():
        pooling.hidden[0].bias.zero_()
        pooling.gate.bias.fill_(-50.0)  # silence opens no gate
        pooling.gate.weight.copy_(100 * pooling.hidden(row).expand(SLOTS, -1))
    template = track_of(8)
    short, long = (
        replace(template, values=torch.stack([row] * count + [silence] * (8 - count))[None])
        for count in (2, 4)
    )
    amounts = [pooling(track).evidence[0, :, 0] for track in (short, long)]
    torch.testing.assert_close(amounts[1], 2 * amounts[0])
    ordered = pooling_of((7,), bins=3)
    backwards = replace(short, values=short.values.flip(1))
    assert not torch.allclose(ordered(short).evidence, ordered(backwards).evidence)
    torch.testing.assert_close(pooling(short).evidence, pooling(backwards).evidence)
