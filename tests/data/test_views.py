"""Views and perturbations in the batches of training and of evaluation."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from avqa_lit.data.datamodule import AVQADataModule
from avqa_lit.data.perturbation import Perturbation
from avqa_lit.data.serving import Serving
from avqa_lit.data.synthetic.concerts import SyntheticConcerts
from avqa_lit.data.views import check_names, drawn_views, view_number
from avqa_lit.errors import ConfigError

ALL_ON = Perturbation(feature_noise=0.3, time_mask=4.0, modality_dropout=0.5, time_shift=2.0)
CONCERTS = {"seed": 0, "videos": 37, "questions_per_video": 3, "noise": 0.2}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    concerts = SyntheticConcerts(**CONCERTS, views=["noisy", "dark", "poor"])
    return concerts.prepare(cache=tmp_path_factory.mktemp("views"), progress=False)


@pytest.fixture
def data(store):
    def make(**options):
        views = {name: options.pop(name) for name in ("view", "train_views") if name in options}
        serving = Serving(batch_size=19, **views)
        return AVQADataModule(store, serving=serving, texts={}, **({"seed": 3} | options))

    return make


def passes(data, *, epoch=0, split="train", shuffle=True, skip=0, **process):
    loader = data.loader(split, shuffle=shuffle, **({"rank": 0, "world_size": 1} | process))
    loader.sampler.set_epoch(epoch)
    loader.load_state_dict({"steps": skip})
    return list(loader)


def tracks(batches):
    """Bytes of all tracks of every video, without padding."""
    return {
        int(clip): tuple(
            getattr(track, name)[place][track.mask[place]].numpy().tobytes()
            for track in batch.tracks.values()
            for name in ("values", "seconds")
        )
        for batch in batches
        for place, clip in enumerate(batch.clip)
    }


def seen_as(store, batch):
    """Number of the view of each video, found by comparing features."""
    for place, clip in enumerate(batch.clip.tolist()):
        fits = []
        for view in range(len(store.views)):
            pairs = [
                (batch.tracks[name], track.gather(store.clip_entry[name][[clip]] + view * len(track.ids)))
                for name, track in store.tracks.items()
            ]
            if all(
                np.array_equal(one.values[place][one.mask[place]].numpy(), other.values[0])
                for one, other in pairs
            ):
                fits.append(view)
        (view,) = fits
        yield clip, view


def test_each_video_has_one_view_an_epoch_and_all_come_up(store, data):
    drawn = [
        dict(pair for batch in passes(data(), epoch=e) for pair in seen_as(store, batch)) for e in (0, 1)
    ]
    again = [pair for batch in passes(data()) for pair in seen_as(store, batch)]
    assert dict(again) == drawn[0] != drawn[1]
    assert all(drawn[0][clip] == view for clip, view in again)  # in every step in which it stands
    counts = Counter(view for one in drawn for view in one.values())
    assert set(counts) == {0, 1, 2, 3}
    other = {clip: view for batch in passes(data(seed=4)) for clip, view in seen_as(store, batch)}
    assert other != drawn[0]


def test_training_draws_from_the_clean_and_the_named_views_alone(store, data):
    found = {view for batch in passes(data(train_views=["dark"])) for _, view in seen_as(store, batch)}
    assert found == {0, 2}
    assert {view for batch in passes(data(train_views=[])) for _, view in seen_as(store, batch)} == {0}


@pytest.mark.parametrize("perturbation", [None, ALL_ON], ids=["views", "both"])
def test_two_processes_see_what_one_sees(data, perturbation):
    made = data(perturbation=perturbation)
    whole = passes(made, epoch=5)
    for rank in (0, 1):
        for share, step in zip(passes(made, epoch=5, rank=rank, world_size=2), whole, strict=True):
            assert tracks([share]).items() <= tracks([step]).items()


def test_a_pass_that_goes_on_sees_what_a_whole_one_sees(data):
    made = data(perturbation=ALL_ON)
    whole = passes(made, epoch=2)
    rest = passes(made, epoch=2, skip=2)
    assert len(rest) == len(whole) - 2
    for one, other in zip(rest, whole[2:], strict=True):
        assert torch.equal(one.row, other.row)
        assert tracks([one]) == tracks([other])


def test_a_perturbation_is_drawn_anew_each_epoch(data):
    made = data(perturbation=ALL_ON, train_views=[])
    assert tracks(passes(made)) == tracks(passes(made))
    one, other = tracks(passes(made)), tracks(passes(made, epoch=1))
    assert all(one[clip] != other[clip] for clip in one)


def test_features_are_handed_out_as_stored_and_perturbed_in_float32(data):
    off = replace(ALL_ON, feature_noise=0.0, time_mask=0.0, time_shift=0.0)
    for batch in passes(data()):
        assert {track.values.dtype for track in batch.tracks.values()} == {torch.float16}
    for stored, perturbed in zip(passes(data()), passes(data(perturbation=off)), strict=True):
        assert {track.values.dtype for track in perturbed.tracks.values()} == {torch.float32}
        before, after = stored.tracks["audio"].values, perturbed.tracks["audio"].values
        heard = after.flatten(1).any(dim=1)
        assert torch.equal(after[heard], before[heard].float())


def test_evaluation_is_never_perturbed(store, data):
    plain, made = data(train_views=[]), data(perturbation=ALL_ON)
    for split in ("train", "val", "test"):
        expected = tracks(passes(plain, split=split, shuffle=False))
        assert tracks(passes(made, split=split, shuffle=False)) == expected


def test_evaluation_takes_the_named_view(store, data):
    for number, name in enumerate(store.views):
        batches = passes(data(view=name), split="test", shuffle=False)
        assert {view for batch in batches for _, view in seen_as(store, batch)} == {number}


def test_a_view_keeps_the_features_of_a_modality_that_it_leaves_alone(store, data):
    clean, noisy, dark = (
        passes(data(view=name), split="test", shuffle=False)[0].tracks for name in ("clean", "noisy", "dark")
    )
    assert torch.equal(clean["visual"].values, noisy["visual"].values)
    assert torch.equal(clean["audio"].values, dark["audio"].values)
    assert not torch.equal(clean["audio"].values, noisy["audio"].values)
    assert not torch.equal(clean["visual"].values, dark["visual"].values)
    assert store.tracks["audio"].own_entries(1) == len(store.ids["audio"])
    assert store.tracks["audio"].own_entries(2) == 0


def test_training_leaves_the_store_as_it_is(store, data):
    before = {name: track.array.copy() for name, track in store.tracks.items()}
    passes(data(perturbation=ALL_ON))
    for name, track in store.tracks.items():
        np.testing.assert_array_equal(track.array, before[name])


def test_without_views_and_perturbation_nothing_is_drawn(data, monkeypatch):
    made = data(train_views=[], perturbation=Perturbation())
    monkeypatch.setattr("avqa_lit.data.datamodule.np.random.default_rng", None)
    made.gather("train", np.arange(7), total=7, epoch=0)
    with pytest.raises(TypeError):
        data().gather("train", np.arange(7), total=7, epoch=0)


def test_a_view_that_the_store_does_not_have_is_refused_with_those_it_has(data):
    with pytest.raises(
        ConfigError, match=r"data.view=dusk: no such view, the store has clean, noisy, dark, poor"
    ):
        data(view="dusk")
    with pytest.raises(ConfigError, match=r"data.train_views=dusk: no such view, the store has clean, noisy"):
        data(train_views=["dark", "dusk"])
    with pytest.raises(ConfigError, match=r"data.train_views=dark: expected all, or a list of names"):
        data(train_views="dark")
    assert view_number(("clean", "dark"), "dark") == 1
    assert drawn_views(("clean", "a", "b"), ["b", "clean", "b"]) == [0, 2]


@pytest.mark.parametrize("name", ["clean", "all", "", "a/b", "..", "a+b"])
def test_a_name_that_cannot_be_used_is_refused(name):
    with pytest.raises(
        ConfigError, match=r"data.views names .*, expected a name of letters, digits, _ and -"
    ):
        check_names(["dark", name])
