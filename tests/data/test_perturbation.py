import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.batch import Track
from avqa_lit.data.perturbation import Perturbation, blanked, delayed, with_feature_noise, without_a_stretch
from avqa_lit.errors import ConfigError

ALL_ON = {"feature_noise": 0.3, "time_mask": 4.0, "modality_dropout": 0.5, "time_shift": 2.0}


def track(lengths, *, row=(5,), seconds_per_row=0.5, start=0.25, seed=0):
    time = max(lengths)
    mask = torch.arange(time) < torch.tensor(lengths)[:, None]
    values = torch.randn(len(lengths), time, *row, generator=torch.Generator().manual_seed(seed)) + 3
    seconds = (start + torch.arange(time) * seconds_per_row).expand(len(lengths), time)
    real = mask.reshape(*mask.shape, *(1 for _ in row))
    return Track(torch.where(real, values, 0.0), mask, seconds)


def generators(count, seed=0):
    return [np.random.default_rng((seed, video)) for video in range(count)]


def same(one, other):
    return all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in ("values", "mask", "seconds")
    )


def applied(perturbation, audio, visual, generators):
    """Both tracks as they are perturbed."""
    modalities = {"audio": "audio", "visual": "visual"}
    tracks = perturbation({"audio": audio, "visual": visual}, modalities, generators)
    return tracks["audio"], tracks["visual"]


def perturbed(*, seed=0, **on):
    audio, visual = track([7, 3, 11]), track([2, 5, 5], row=(3, 2), seconds_per_row=1.5)
    return audio, visual, *applied(Perturbation(**on), audio, visual, generators(3, seed))


def test_off_changes_nothing():
    audio, visual, heard, seen = perturbed()
    assert Perturbation().is_off
    assert same(audio, heard)
    assert same(visual, seen)


@pytest.mark.parametrize("name", ALL_ON)
def test_each_alone_is_on_and_changes_something(name):
    audio, visual, heard, seen = perturbed(**{name: ALL_ON[name]})
    assert not Perturbation(**{name: ALL_ON[name]}).is_off
    assert not (same(audio, heard) and same(visual, seen))


def test_the_given_tracks_are_not_modified():
    audio, visual = track([7, 3]), track([2, 5])
    before = copy.deepcopy((audio, visual))
    applied(Perturbation(**ALL_ON), audio, visual, generators(2))
    assert same(audio, before[0])
    assert same(visual, before[1])


def test_a_video_suffers_the_same_whatever_stands_beside_it():
    audio, visual = track([7, 3, 11]), track([2, 5, 5])
    whole = applied(Perturbation(**ALL_ON), audio, visual, generators(3))
    alone = applied(
        Perturbation(**ALL_ON),
        *(Track(one.values[1:2, :5], one.mask[1:2, :5], one.seconds[1:2, :5]) for one in (audio, visual)),
        generators(3)[1:2],
    )
    for one, other in zip(whole, alone, strict=True):
        assert same(Track(one.values[1:2, :5], one.mask[1:2, :5], one.seconds[1:2, :5]), other)


@pytest.mark.parametrize("name", ["time_mask", "modality_dropout", "time_shift"])
def test_what_one_draws_does_not_depend_on_the_others(name):
    def effect(**on):
        *_, heard, seen = perturbed(**on)
        tracks = (heard, seen)
        if name == "modality_dropout":
            return [one.values.flatten(1).any(dim=1).tolist() for one in tracks]
        if name == "time_mask":
            return [one.mask.sum(dim=1).tolist() for one in tracks]
        return [one.seconds[:, 0].tolist() for one in tracks]

    # A stretch that is taken out may hold the first time stamp, by which the delay is read.
    others = {key: value for key, value in ALL_ON.items() if (key, name) != ("time_mask", "time_shift")}
    assert effect(**{name: ALL_ON[name]}) == effect(**others) != effect()


def test_noise_is_relative_to_each_videos_own_spread():
    quiet = track([997, 997], row=(7,))
    loud = Track(quiet.values * 13 + 100, quiet.mask, quiet.seconds)
    noises = [
        with_feature_noise(one, scale=0.2, generators=generators(2)).values - one.values
        for one in (quiet, loud)
    ]
    spread = quiet.values[0].std()
    assert noises[0][0].std().item() == pytest.approx(0.2 * spread.item(), rel=0.03)
    assert noises[0][0].mean().item() == pytest.approx(0, abs=0.01)
    torch.testing.assert_close(noises[1], noises[0] * 13, rtol=1e-3, atol=1e-3)
    assert not torch.equal(noises[0][0], noises[0][1])


def test_noise_leaves_padding_and_constant_features_alone():
    one = track([3, 5])
    assert not with_feature_noise(one, scale=1.0, generators=generators(2)).values[0, 3:].any()
    constant = Track(torch.full((1, 1, 1), 2.0), torch.ones(1, 1, dtype=torch.bool), torch.zeros(1, 1))
    assert same(with_feature_noise(constant, scale=1.0, generators=generators(1)), constant)


def slowly_without_a_stretch(one, longest, chance):
    """Time stamps and values that are left of each video, row by row."""
    for video, (first_chance, second_chance) in enumerate(chance.tolist()):
        rows = [row for row in range(one.mask.shape[1]) if one.mask[video, row]]
        stamps = [one.seconds[video, row].item() for row in rows]
        reach = stamps[-1] - stamps[0]
        width = first_chance * min(longest, reach)
        begin = stamps[0] - width + second_chance * (reach + width)
        left = [row for row, at in zip(rows, stamps, strict=True) if not begin <= at < begin + width]
        yield [(one.seconds[video, row].item(), one.values[video, row].tolist()) for row in left]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.floats(0.01, 40),
    st.sampled_from([0.2, 0.96, 3.0]),
    st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_a_stretch_is_taken_out_as_a_slow_loop_would_and_something_is_left(lengths, longest, rate, seed):
    one = track(lengths, seconds_per_row=rate, row=(2,))
    chance = torch.from_numpy(np.random.default_rng(seed).random((len(lengths), 2)))
    rest = without_a_stretch(one, longest=longest, chance=chance)
    assert rest.mask.any(dim=1).all()
    assert not rest.values[~rest.mask].any()
    for video, expected in enumerate(slowly_without_a_stretch(one, longest, chance)):
        kept = rest.mask[video]
        assert not kept[len(expected) :].any()
        found = zip(rest.seconds[video, kept].tolist(), rest.values[video, kept].tolist(), strict=True)
        assert list(found) == expected


def test_every_row_is_taken_equally_often_and_no_more_than_was_said():
    many = 20000
    one = Track(
        torch.ones(1, 11, 1).expand(many, 11, 1),
        torch.ones(many, 11, dtype=torch.bool),
        torch.arange(11.0).expand(many, 11),
    )
    chance = torch.from_numpy(np.random.default_rng(0).random((many, 2)))
    rest = without_a_stretch(one, longest=3.0, chance=chance)
    left = torch.stack([((rest.seconds == at) & rest.mask).any(dim=1) for at in range(11)])
    taken = 1 - left.double().mean(dim=1)
    assert (taken.max() - taken.min()) < 0.015
    assert (11 - left.sum(dim=0)).max() == 3
    assert 0.08 < taken.mean() < 0.15


def test_a_video_of_one_row_keeps_it():
    one = track([1])
    assert same(without_a_stretch(one, longest=30.0, chance=torch.tensor([[0.999, 0.5]])), one)


def test_one_modality_of_some_videos_is_blank_and_keeps_its_rows():
    many = 4001
    audio, visual = track([3] * many), track([2] * many, row=(3,))
    heard, seen = applied(Perturbation(modality_dropout=0.3), audio, visual, generators(many))
    silent, unseen = ((~one.values.flatten(1).any(dim=1)).double() for one in (heard, seen))
    assert (silent * unseen).sum() == 0
    assert silent.mean().item() == pytest.approx(0.15, abs=0.02)
    assert unseen.mean().item() == pytest.approx(0.15, abs=0.02)
    assert torch.equal(heard.mask, audio.mask)
    assert torch.equal(heard.seconds, audio.seconds)
    rest = silent == 0
    assert torch.equal(heard.values[rest], audio.values[rest])


def test_certain_dropout_blanks_one_of_two():
    audio, visual = track([3] * 41), track([2] * 41)
    heard, seen = applied(Perturbation(modality_dropout=1), audio, visual, generators(41))
    assert torch.equal(heard.values.flatten(1).any(dim=1), ~seen.values.flatten(1).any(dim=1))


def test_all_tracks_of_a_modality_are_blank_and_late_together():
    tracks = {"audio": track([3] * 41), "frames": track([2] * 41), "patches": track([5] * 41, row=(2, 3))}
    modalities = {"audio": "audio", "frames": "visual", "patches": "visual"}
    found = Perturbation(modality_dropout=0.7, time_shift=2.0)(tracks, modalities, generators(41))
    blank = {name: ~one.values.flatten(1).any(dim=1) for name, one in found.items()}
    assert blank["frames"].any()
    assert not blank["frames"].all()
    assert torch.equal(blank["frames"], blank["patches"])
    late = {name: one.seconds[:, 0] - tracks[name].seconds[:, 0] for name, one in found.items()}
    assert torch.equal(late["frames"], late["patches"])
    assert not torch.equal(late["frames"], late["audio"])


def test_blanking_names_its_videos():
    one = track([3, 5])
    blank = blanked(one, torch.tensor([False, True]))
    assert torch.equal(blank.values[0], one.values[0])
    assert not blank.values[1].any()


def test_one_modality_is_late_and_neither_loses_a_row():
    many = 2003
    audio, visual = track([3] * many), track([2] * many)
    heard, seen = applied(Perturbation(time_shift=2.0), audio, visual, generators(many))
    late = (heard.seconds - audio.seconds)[:, 0], (seen.seconds - visual.seconds)[:, 0]
    assert ((late[0] > 0) != (late[1] > 0)).all()
    shift = late[0] - late[1]
    assert shift.abs().max() < 2
    assert shift.mean().item() == pytest.approx(0, abs=0.1)
    assert shift.std().item() == pytest.approx(4 / 12**0.5, rel=0.05)  # uniform from -2 to 2
    torch.testing.assert_close(heard.seconds.diff(dim=1), audio.seconds.diff(dim=1))
    assert torch.equal(heard.values, audio.values)
    assert torch.equal(heard.mask, audio.mask)


def test_a_delay_names_its_videos():
    late = delayed(track([3, 5], start=0.0), torch.tensor([1.5, 0.0], dtype=torch.float64))
    assert late.seconds[0, :3].tolist() == [1.5, 2.0, 2.5]
    assert late.seconds[1].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("feature_noise", -0.1, "-0.1, expected a finite number, 0"),
        ("time_mask", float("inf"), "inf, expected a finite number, 0"),
        ("time_shift", float("nan"), "nan, expected a finite number, 0"),
        ("time_shift", "2", "'2', expected a finite number, 0"),
        ("modality_dropout", 1.5, "1.5, expected a chance from 0 to 1"),
    ],
)
def test_what_is_out_of_range_is_refused(name, value, message):
    with pytest.raises(ConfigError, match=f"perturbation.{name} is {message}"):
        Perturbation(**{name: value})
