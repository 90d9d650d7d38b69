import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.batch import TrackSpec
from avqa_lit.data.digests import DamagedError
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.packed_track import PackedTrack
from avqa_lit.data.store import FeatureStore, meta_checksum
from avqa_lit.errors import DataError


def _track(lengths, *, dtype="float32", row=(2,), seconds_per_row=0.5, start_seconds=0.25):
    lengths = np.array(lengths, np.int64)
    total = int(lengths.sum())
    array = (1 + np.arange(total * int(np.prod(row)))).reshape(total, *row).astype(dtype)
    return PackedTrack(
        "audio", array, tuple(map(str, range(len(lengths)))), np.cumsum(lengths) - lengths, lengths, "e",
        seconds_per_row, start_seconds,
    )  # fmt: skip


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=7).flatmap(
        lambda lengths: st.tuples(
            st.just(lengths), st.lists(st.integers(0, len(lengths) - 1), min_size=1, max_size=9)
        )
    ),
    st.sampled_from(["float16", "float32"]),
)
@settings(deadline=None)
def test_gathering_equals_a_slow_loop(case, dtype):
    lengths, entries = case
    packed = _track(lengths, dtype=dtype, row=(2, 3))
    values, mask, seconds = parts(packed.gather(np.array(entries)))
    time = max(lengths[entry] for entry in entries)
    assert values.shape == (len(entries), time, 2, 3)
    assert (values.dtype, mask.dtype, seconds.dtype) == (getattr(torch, dtype), torch.bool, torch.float32)
    assert len(entries) == 1 or seconds.stride(0) == 0
    for place, entry in enumerate(entries):
        first = sum(lengths[:entry])
        for step in range(time):
            real = step < lengths[entry]
            assert mask[place, step] == real
            assert seconds[place, step] == 0.25 + step * 0.5
            np.testing.assert_array_equal(values[place, step], packed.array[first + step] if real else 0)


def test_gathering_nothing_is_empty():
    values, mask, seconds = parts(_track([3, 5]).gather(np.array([], np.int64)))
    assert (values.shape, mask.shape, seconds.shape) == ((0, 0, 2), (0, 0), (0, 0))


def parts(track):
    return track.values, track.mask, track.seconds


@pytest.fixture
def store(official):
    return official().prepare(progress=False)


def test_tracks_of_unequal_length_keep_it(store):
    table = store.splits["train"]
    (audio, audio_mask, audio_seconds), (visual, visual_mask, visual_seconds) = (
        parts(track.gather(store.clip_entry[name][table.clip])) for name, track in store.tracks.items()
    )
    assert (audio.shape, visual.shape) == ((2, 4, 7), (2, 6, 11))
    assert (audio_mask.sum(axis=1).tolist(), visual_mask.sum(axis=1).tolist()) == ([3, 4], [5, 6])
    np.testing.assert_allclose(audio_seconds[1], [0, 0.75, 1.5, 2.25], rtol=1e-6)
    np.testing.assert_allclose(visual_seconds[0], [0.25, 0.75, 1.25, 1.75, 2.25, 2.75])


def test_features_are_those_of_the_files(store, layout):
    for track in store.tracks.values():
        values, mask, _ = parts(track.gather(np.arange(5)))
        for place, identity in enumerate(track.ids):
            expected = np.load(layout / "feats" / track.encoder / f"{identity}.npy").astype(np.float16)
            np.testing.assert_array_equal(values[place][mask[place]], expected)


def test_opening_again_gives_the_same(store):
    again = FeatureStore.open(store.path, verify=True)
    assert again.checksum == store.checksum
    assert again.encoders == {"audio": "vggish", "visual": "resnet"}
    assert again.texts == store.texts
    assert {name: track.spec for name, track in again.tracks.items()} == {
        "audio": TrackSpec("audio", (7,)),
        "visual": TrackSpec("visual", (11,)),
    }
    assert (len(again.words), len(again.answers)) == (6, 2)
    assert len(again.splits["test"]) == 2


def test_what_is_gathered_is_a_copy_and_the_store_cannot_be_written(store):
    store.tracks["audio"].gather(np.arange(5)).values[:] = 0
    with pytest.raises(ValueError, match="read-only"):
        store.tracks["audio"].array[:] = 0
    assert FeatureStore.open(store.path, verify=True).tracks["audio"].array.any()


def test_question_features_are_added_without_rebuilding(store):
    before = {path.name: path.stat().st_mtime_ns for path in store.path.glob("[!.]*")}
    features = store.text_features(HashingEncoder(dim=17))
    assert features.shape == (len(store.texts), 17)
    assert {name: (store.path / name).stat().st_mtime_ns for name in before} == before
    assert FeatureStore.open(store.path, verify=True).checksum == store.checksum


def test_a_folder_without_a_store_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"expected a feature store, which holds store.json; found none; make one"
    ):
        FeatureStore.open(tmp_path)


@pytest.mark.parametrize("content, message", [("{", "expected JSON"), ("[]", "schema None, expected 3")])
def test_a_damaged_store_file_is_refused(store, content, message):
    (store.path / "store.json").write_text(content)
    with pytest.raises(DataError, match=f"store.json: {message}.*prepare again"):
        FeatureStore.open(store.path)


def test_another_schema_is_refused(store):
    meta = json.loads((store.path / "store.json").read_text())
    (store.path / "store.json").write_text(json.dumps(meta | {"schema": 7}))
    with pytest.raises(DataError, match="schema 7, expected 3"):
        FeatureStore.open(store.path)


@pytest.mark.parametrize("name", ["audio.npy", "visual.npy", "index.npz", "strings.json"])
def test_a_missing_or_shortened_file_is_refused(store, name):
    file = store.path / name
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(
        DataError, match=rf"{name}: {len(content) - 1} bytes, expected {len(content)}; delete"
    ):
        FeatureStore.open(store.path)
    file.unlink()
    with pytest.raises(DataError, match=rf"{name}: this file is missing; delete"):
        FeatureStore.open(store.path)


@pytest.mark.parametrize("name", ["audio.npy", "visual.npy", "index.npz", "strings.json"])
def test_a_flipped_bit_is_found_when_the_store_is_opened(store, name):
    file = store.path / name
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedError, match=rf"{name}: its SHA-256 is not .*changed or damaged; delete"):
        FeatureStore.open(store.path)


def test_a_changed_word_of_the_store_file_is_found(store):
    file = store.path / "store.json"
    file.write_text(file.read_text().replace("vggish", "vggosh"))
    with pytest.raises(DamagedError, match=r"store.json: its content does not fit its checksum"):
        FeatureStore.open(store.path)


def test_a_store_keeps_its_taxonomy(official):
    own = [{"modality": "Audio", "type": "Comparative", "label": "C"}]
    store = official(taxonomy=own).prepare(progress=False)
    assert [category.label for category in FeatureStore.open(store.path).taxonomy.categories] == ["C"]


def test_a_taxonomy_that_cannot_be_read_is_told(store):
    meta = json.loads((store.path / "store.json").read_text()) | {"taxonomy": []}
    (store.path / "store.json").write_text(json.dumps(meta | {"checksum": meta_checksum(meta)}))
    with pytest.raises(
        DataError, match=r"store.json: the taxonomy cannot be read: 0 categories.*prepare again"
    ):
        FeatureStore.open(store.path)


def test_a_track_that_is_not_opened_is_not_read(store):
    (store.path / "visual.npy").write_bytes(b"damaged")
    heard = FeatureStore.open(store.path, tracks=["audio"])
    assert set(heard.tracks) == {"audio"}
    assert heard.checksum == store.checksum
    with pytest.raises(DamagedError, match=r"visual\.npy"):
        FeatureStore.open(store.path)


def test_a_track_that_the_store_does_not_have_is_named(store):
    with pytest.raises(DataError, match=r"no track patches; it has audio, visual$"):
        store.with_tracks(["audio", "patches"])
