import numpy as np
import pytest
import torch

from avqa_lit.batch import ModelOutput
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.serving import Serving
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.training.attention import AttentionCollector


@pytest.fixture
def data(cache):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2)
    store = concerts.prepare(cache=cache, progress=False)
    return AVQADataModule(store, serving=Serving(batch_size=7), texts={}, seed=0)


def output_of(batch, *, sees=True):
    """Attention that tells row and column: 1000 would not fit into shares, but shows what lies where."""
    heard = batch.row[:, None] + torch.arange(batch.tracks["audio"].mask.shape[1]) / 256
    seen = -heard[:, :1].expand(-1, batch.tracks["visual"].mask.shape[1])
    attention = {"audio": heard, "visual": seen} if sees else {"audio": heard}
    return ModelOutput(logits=torch.zeros(len(batch.row), 3), attention=attention)


def collected(data, *, world_size=1, **options):
    collector = AttentionCollector()
    for rank in reversed(range(world_size)):
        for batch in data.loader("test", shuffle=False, rank=rank, world_size=world_size):
            collector.update(output_of(batch, **options), batch)
    return collector.gathered(data.store)


def test_each_row_keeps_its_own_attention_and_nan_beyond_its_end(data):
    told = collected(data)
    table, store = data.store.splits["test"], data.store
    audio, visual = (told.tracks[name].shares for name in ("audio", "visual"))
    np.testing.assert_array_equal(told.row, table.row)
    for place, clip in enumerate(table.clip):
        length = store.tracks["audio"].length[store.clip_entry["audio"][clip]]
        expected = (table.row[place] + np.arange(length) / 256).astype(np.float16)
        np.testing.assert_array_equal(audio[place, :length], expected)
        assert np.isnan(audio[place, length:]).all()
        seen = store.tracks["visual"].length[store.clip_entry["visual"][clip]]
        assert np.isnan(visual[place]).sum() == visual.shape[1] - seen
    assert audio.dtype == visual.dtype == np.float16


def test_the_order_of_processes_and_their_stand_ins_do_not_show(data):
    alone, shared = collected(data), collected(data, world_size=9)
    np.testing.assert_array_equal(alone.row, shared.row)
    for name, track in alone.tracks.items():
        np.testing.assert_array_equal(track.shares, shared.tracks[name].shares)


def test_columns_stand_for_the_seconds_of_their_track(data):
    for name, track in collected(data).tracks.items():
        packed = data.store.tracks[name]
        np.testing.assert_allclose(np.diff(track.seconds), packed.seconds_per_row, rtol=1e-5)
        assert track.seconds[0] == packed.start_seconds


def test_only_attended_tracks_have_attention(data):
    assert set(collected(data, sees=False).tracks) == {"audio"}
