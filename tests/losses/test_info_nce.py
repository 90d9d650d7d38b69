from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from avqa_lit.batch import Track
from avqa_lit.errors import ConfigError
from avqa_lit.losses.aligned_rows import AlignedRows, aligned_rows
from avqa_lit.losses.info_nce import InfoNCE, info_nce

WIDTH = 5


def make_pairs(clip, weight=None, *, seed=0, dtype=torch.float64):
    """AlignedRows of random rows; those of one clip differ, as moments do."""
    generator = torch.Generator().manual_seed(seed)
    audio, visual = torch.randn(2, len(clip), WIDTH, generator=generator, dtype=torch.float64)
    weight = torch.ones(len(clip)) if weight is None else torch.tensor(weight)
    return AlignedRows(
        audio.to(dtype), visual.to(dtype), torch.tensor(clip, dtype=torch.int64), weight.to(dtype)
    )


def joined(*parts):
    return AlignedRows(
        *(torch.cat([getattr(part, one.name) for part in parts]) for one in fields(AlignedRows))
    )


def part_of(pairs, rows):
    return AlignedRows(*(getattr(pairs, one.name)[rows] for one in fields(AlignedRows)))


def slow_info_nce(pairs, temperature):
    """One pair at a time, over lists of the other videos' pairs."""
    similarity = (1 - cdist(pairs.audio, pairs.visual, "cosine")) / temperature
    clip, weight = pairs.clip.tolist(), pairs.weight.numpy()
    values = []
    for row in range(len(clip)):
        both_ways = []
        for scores in (similarity[row], similarity[:, row]):
            videos = []
            for other in set(clip) - {clip[row]}:
                moments = [place for place, one in enumerate(clip) if one == other]
                share = weight[moments] / weight[moments].sum()
                videos.append(logsumexp(scores[moments], b=share))
            both_ways.append(logsumexp([scores[row], *videos]) - scores[row])
        values.append(np.mean(both_ways))
    return values


@pytest.mark.parametrize("temperature", [0.07, 1.0])
@pytest.mark.parametrize("clip", [[3, 5, 11], [0, 0, 1, 2, 2, 2, 7], [4]])
def test_it_equals_a_slow_loop(clip, temperature):
    pairs = make_pairs(clip, [0.5 + one for one in range(len(clip))])
    found = info_nce(pairs, pairs, temperature=temperature)
    np.testing.assert_allclose(found, slow_info_nce(pairs, temperature), rtol=1e-10, atol=1e-12)


def test_of_one_pair_a_video_it_is_the_cross_entropy_of_the_right_partner():
    pairs = make_pairs([4, 0, 9, 2, 7, 1, 3])
    logits = torch.nn.functional.cosine_similarity(pairs.audio[:, None], pairs.visual[None], dim=2) / 0.3
    right = torch.arange(7)
    both = [torch.nn.functional.cross_entropy(one, right, reduction="none") for one in (logits, logits.T)]
    torch.testing.assert_close(info_nce(pairs, pairs, temperature=0.3), sum(both) / 2)


@settings(deadline=None)
@given(
    clip=st.lists(st.integers(0, 4), min_size=1, max_size=9),
    cut=st.integers(0, 9),
    temperature=st.floats(0.05, 5),
)
def test_a_video_carried_twice_is_one_video_however_the_step_is_split(clip, cut, temperature):
    """Each process carries a video once, weighted by its own questions."""
    videos = make_pairs(range(5))
    parts = []
    for questions in (clip[:cut], clip[cut:]):
        own, number = np.unique(questions, return_counts=True)
        chosen = part_of(videos, torch.tensor(own, dtype=torch.int64))
        parts.append(AlignedRows(chosen.audio, chosen.visual, chosen.clip, torch.tensor(number).double()))
    own, number = np.unique(clip, return_counts=True)
    whole = part_of(videos, torch.tensor(own))
    expected = (info_nce(whole, whole, temperature=temperature) * torch.tensor(number)).sum()
    step = joined(*parts)
    found = sum((info_nce(part, step, temperature=temperature) * part.weight).sum() for part in parts)
    torch.testing.assert_close(found, expected)
    assert found >= 0


def test_other_moments_of_the_same_video_are_no_negatives():
    pairs = make_pairs([0, 0, 1], [0.5, 0.5, 1.0])
    changed = AlignedRows(pairs.audio.clone(), pairs.visual.clone(), pairs.clip, pairs.weight)
    changed.visual[1] = changed.audio[1] = torch.full((WIDTH,), 3.0)
    first = [info_nce(one, one, temperature=0.1)[0] for one in (pairs, changed)]
    torch.testing.assert_close(*first)


@pytest.mark.parametrize("clip", [[], [3], [3, 3]])
def test_with_one_video_there_is_nothing_to_tell_apart(clip):
    pairs = make_pairs(clip)
    pairs.audio.requires_grad_()
    value = info_nce(pairs, pairs, temperature=0.1).sum()
    value.backward()
    assert value == 0
    assert pairs.audio.grad.abs().sum() == 0


def test_equal_views_of_unlike_videos_are_told_apart_and_equal_videos_are_not():
    audio = torch.eye(WIDTH, dtype=torch.float64)
    clip, weight = torch.arange(WIDTH), torch.ones(WIDTH)
    unlike = AlignedRows(audio, audio, clip, weight)
    assert info_nce(unlike, unlike, temperature=0.01).max() < 1e-12
    alike = AlignedRows(audio[:1].expand(WIDTH, -1), audio[:1].expand(WIDTH, -1), clip, weight)
    np.testing.assert_allclose(info_nce(alike, alike, temperature=0.01), np.log(WIDTH))


def test_zero_vectors_leave_value_and_gradient_finite():
    pairs = make_pairs([0, 1, 2])
    pairs.audio[1] = 0
    pairs.audio.requires_grad_()
    value = info_nce(pairs, pairs, temperature=0.07)
    value.sum().backward()
    assert value.isfinite().all()
    assert pairs.audio.grad.isfinite().all()
    assert pairs.audio.grad[1].eq(0).all()


def test_gradients_are_those_of_finite_differences():
    pairs = make_pairs([0, 0, 1, 2, 2], [0.5, 1.0, 2.0, 3.0, 0.7])

    def values(audio, visual):
        one = AlignedRows(audio, visual, pairs.clip, pairs.weight)
        return info_nce(one, one, temperature=0.3)

    inputs = [one.clone().requires_grad_() for one in (pairs.audio, pairs.visual)]
    assert torch.autograd.gradcheck(values, inputs)


def test_autocast_does_not_round_the_cosines():
    pairs = make_pairs([0, 1, 2, 3], dtype=torch.float32)
    exact = info_nce(pairs, pairs, temperature=0.02)
    with torch.autocast("cpu", torch.bfloat16):
        found = info_nce(pairs, pairs, temperature=0.02)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, exact)


@pytest.mark.parametrize("level", ["clip", "frame"])
class TestEachLevel:
    def test_the_mean_is_over_questions(self, level, make_tracks, make_output, make_batch):
        output = make_output(*make_tracks(padding=2, rubbish=1e6), 5)
        batch = make_batch([2, 0, 0, 1, 0], videos=3, clip=[31, 7, 11])
        pairs = aligned_rows(output, batch, level=level, between=("audio", "visual"), term="info_nce")
        of_clip = [pairs.weight[pairs.clip == clip].sum() for clip in (31, 7, 11)]
        np.testing.assert_allclose(of_clip, [3, 1, 1])
        found = InfoNCE(temperature=0.5, level=level)(output, batch)
        np.testing.assert_allclose(found, np.average(slow_info_nce(pairs, 0.5), weights=pairs.weight))

    def test_half_precision_is_computed_in_single_precision(
        self, level, make_tracks, make_output, make_batch
    ):
        tracks = [Track(t.values.bfloat16(), t.mask, t.seconds.float()) for t in make_tracks()]
        exact = [Track(t.values.double(), t.mask, t.seconds) for t in tracks]
        loss, batch = InfoNCE(temperature=0.5, level=level), make_batch([0, 1, 2], videos=3)
        found = loss(make_output(*tracks, 3), batch)
        torch.testing.assert_close(found.double(), loss(make_output(*exact, 3), batch), rtol=1e-5, atol=0)

    def test_a_stand_in_question_adds_nothing(self, level, make_tracks, make_output, make_batch):
        batch = make_batch([1], videos=3, weight=[0.0], total=4)
        assert InfoNCE(temperature=0.5, level=level)(make_output(*make_tracks(), 1), batch) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0}, r"loss\.info_nce\.temperature is 0, expected a finite number above 0"),
        ({"temperature": "cold"}, r"loss\.info_nce\.temperature is 'cold'"),
        ({"level": "row"}, r"loss\.info_nce\.level is 'row', expected one of clip, frame"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        InfoNCE(**{"temperature": 0.07, "level": "clip", **change})
