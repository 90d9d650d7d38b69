import numpy as np
import pytest
import torch

from avqa_lit.batch import ModelOutput
from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.training.attention import AttentionCollector


@pytest.fixture
def data(cache):
    concerts = SyntheticConcerts(seed=0, videos=20, questions_per_video=5, noise=0.2, batch_size=7)
    encoder = HashingEncoder(dim=23)
    store = concerts.prepare(encoder, cache=cache, progress=False)
    return AVQADataModule(store, text_features=store.text_features(encoder), batch_size=7, seed=0)


def output_of(batch, *, sees=True):
    """Attention that tells row and column: 1000 would not fit into shares, but shows what lies where."""
    heard = batch.row[:, None] + torch.arange(batch.audio.mask.shape[1]) / 256
    return ModelOutput(
        logits=torch.zeros(len(batch.row), 3),
        audio_attention=heard,
        visual_attention=-heard[:, :1].expand(-1, batch.visual.mask.shape[1]) if sees else None,
    )


def collected(data, *, world_size=1, **options):
    collector = AttentionCollector()
    for rank in reversed(range(world_size)):
        for batch in data.loader("test", shuffle=False, rank=rank, world_size=world_size):
            collector.update(output_of(batch, **options), batch)
    return collector.gathered(data.store)


def test_each_row_keeps_its_own_attention_and_nan_beyond_its_end(data):
    told = collected(data)
    table, store = data.store.splits["test"], data.store
    np.testing.assert_array_equal(told.row, table.row)
    for place, clip in enumerate(table.clip):
        length = store.audio.length[store.clip_audio[clip]]
        expected = (table.row[place] + np.arange(length) / 256).astype(np.float16)
        np.testing.assert_array_equal(told.audio[place, :length], expected)
        assert np.isnan(told.audio[place, length:]).all()
        seen = store.visual.length[store.clip_visual[clip]]
        assert np.isnan(told.visual[place]).sum() == told.visual.shape[1] - seen
    assert told.audio.dtype == told.visual.dtype == np.float16


def test_the_order_of_processes_and_their_stand_ins_do_not_show(data):
    alone, shared = collected(data), collected(data, world_size=9)
    np.testing.assert_array_equal(alone.row, shared.row)
    np.testing.assert_array_equal(alone.audio, shared.audio)
    np.testing.assert_array_equal(alone.visual, shared.visual)


def test_columns_stand_for_the_seconds_of_their_modality(data):
    told = collected(data)
    for modality, seconds in (
        (data.store.audio, told.audio_seconds),
        (data.store.visual, told.visual_seconds),
    ):
        np.testing.assert_allclose(np.diff(seconds), modality.seconds_per_row, rtol=1e-5)
        assert seconds[0] == modality.start_seconds


def test_a_modality_without_attention_has_no_columns(data):
    told = collected(data, sees=False)
    assert told.visual.shape == (len(told.row), 0)
    assert told.visual_seconds.shape == (0,)
    assert told.audio.shape[1] > 0
