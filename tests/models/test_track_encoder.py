from dataclasses import replace

import pytest
import torch

from avqa_lit.batch import Track
from avqa_lit.errors import DataError
from avqa_lit.models.track_encoder import TrackEncoder, seconds_embedding


def track_of(*row, seconds=None):
    seconds = torch.rand(11).expand(4, 11) if seconds is None else seconds
    return Track(torch.randn(4, 11, *row), torch.ones(4, 11, dtype=torch.bool), seconds)


def tokens_of(encoder, track):
    return encoder(track, with_track=False)[0]


def projected(encoder, track):
    return encoder(track, with_track=True)[1].values


def test_maps_and_patches_are_the_same_tokens():
    maps, patches = TrackEncoder((5, 2, 3), dim=7), TrackEncoder((6, 5), dim=7)
    patches.load_state_dict(maps.state_dict())
    track = track_of(5, 2, 3)
    flat = replace(track, values=track.values.flatten(-2).transpose(-1, -2))
    torch.testing.assert_close(tokens_of(maps, track).summed(), tokens_of(patches, flat).summed())
    torch.testing.assert_close(projected(maps, track), projected(patches, flat))


@pytest.mark.parametrize("row", [(5,), (3, 5), (5, 2, 3)])
def test_tokens_are_projected_features_with_their_time_and_place(row):
    encoder, track = TrackEncoder(row, dim=7), track_of(*row)
    features = track.values.reshape(4, 11, 5, -1).transpose(2, 3) if len(row) != 2 else track.values
    clock = encoder.clock(seconds_embedding(track.seconds, 7))
    expected = encoder.project(features) + clock[:, :, None] + encoder.place
    tokens = tokens_of(encoder, track)
    torch.testing.assert_close(tokens.summed(), expected.flatten(1, 2))
    assert tokens.summed().shape[1] == tokens.number == tokens.token_mask().shape[1]
    torch.testing.assert_close(projected(encoder, track), encoder.project(features).mean(dim=2))


def test_time_stamps_that_all_videos_share_are_embedded_once():
    encoder, shared = TrackEncoder((5,), dim=7), track_of(5)
    own = replace(shared, seconds=shared.seconds.contiguous())
    assert (len(tokens_of(encoder, shared).moment), len(tokens_of(encoder, own).moment)) == (1, 4)
    torch.testing.assert_close(tokens_of(encoder, shared).summed(), tokens_of(encoder, own).summed())
    assert len(tokens_of(encoder, shared.to("cpu")).moment) == 1


def test_one_clock_for_all_rates():
    seconds = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    assert torch.equal(seconds_embedding(seconds, 9)[:, 2], seconds_embedding(seconds[:, ::2], 9)[:, 1])
    assert seconds_embedding(seconds, 9).shape == (1, 4, 9)


def test_rows_of_four_axes_are_refused():
    with pytest.raises(DataError, match=r"\[2, 3, 4, 5\]"):
        TrackEncoder((2, 3, 4, 5), dim=7)
