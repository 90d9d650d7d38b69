from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch.nn import functional as F

from avqa_lit.batch import ModelOutput, OtherVideos, Pairs, Seats
from avqa_lit.errors import ConfigError
from avqa_lit.losses.matching import Matching, pair_cross_entropy

CONF = Path(__file__).parents[2] / "conf"
VIDEOS, FRAMES = 3, 5
EVERY = torch.ones(VIDEOS, dtype=torch.bool)


@pytest.fixture
def pairs():
    generator = torch.Generator().manual_seed(0)
    return Pairs(
        *(torch.randn(VIDEOS, FRAMES, 2, generator=generator, dtype=torch.float64) for _ in range(2))
    )


def output(pairs, questions):
    return ModelOutput(torch.zeros(questions, 7), pairs=pairs)


@pytest.fixture
def paired(make_batch):
    def make(video, *, other=(1, 2, 0), **changes):
        videos = torch.cat([torch.arange(VIDEOS), torch.tensor(other)])
        others = OtherVideos(torch.tensor(other), Seats.of(videos, videos=VIDEOS))
        return replace(make_batch(video, videos=VIDEOS, **changes), others=others)

    return make


def published(true, false):
    """Cross-entropy over all pairs in one column, true ones of class 1 and false ones of class 0."""
    labels = torch.cat([torch.ones(true.shape[:-1]), torch.zeros(false.shape[:-1])]).long()
    return F.cross_entropy(torch.cat([true, false]).flatten(0, -2), labels.flatten())


def test_the_loss_is_the_published_mean_over_all_pairs_of_all_questions(pairs, paired):
    video = [0, 2, 2, 1]
    found = Matching()(output(pairs, 4), paired(video))
    torch.testing.assert_close(found, published(pairs.true[video], pairs.false[video]))


def test_a_video_without_another_counts_by_its_true_pairs(pairs):
    values = pair_cross_entropy(pairs, torch.tensor([True, False, True]))
    torch.testing.assert_close(values[1], published(pairs.true[1], pairs.false[1][:0]))
    torch.testing.assert_close(values[2], published(pairs.true[2], pairs.false[2]))


def test_a_row_that_is_its_own_other_is_left_out(pairs, paired):
    alone = Matching()(output(pairs, 1), paired([1], other=(2, 1, 0)))
    torch.testing.assert_close(alone, pair_cross_entropy(pairs, ~EVERY)[1])


def test_the_mean_over_questions_is_the_same_however_they_are_split(pairs, paired):
    video = [0, 0, 1, 2, 2]
    whole = Matching()(output(pairs, 5), paired(video))
    for cut in range(1, 5):
        parts = [
            Matching()(output(pairs, len(part)), paired(part, total=5)) for part in (video[:cut], video[cut:])
        ]
        torch.testing.assert_close(sum(parts), whole)


def test_a_stand_in_question_adds_nothing_and_all_get_a_gradient(pairs, paired):
    leaves = Pairs(pairs.true.requires_grad_(), pairs.false.requires_grad_())
    loss = Matching()(output(leaves, 1), paired([1], weight=[0.0], total=4))
    loss.backward()
    assert loss.item() == 0
    assert not pairs.true.grad.any()
    assert not pairs.false.grad.any()


def test_scores_far_apart_leave_value_and_gradient_finite():
    true = torch.tensor([[[1e4, -1e4]]], requires_grad=True)
    value = pair_cross_entropy(Pairs(true, true.flip(-1)), EVERY[:1])
    value.sum().backward()
    assert value.item() == 2e4
    assert true.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences(pairs):
    def values(true, false):
        return pair_cross_entropy(Pairs(true, false), torch.tensor([True, False, True]))

    inputs = (pairs.true.requires_grad_(), pairs.false.requires_grad_())
    assert torch.autograd.gradcheck(values, inputs, fast_mode=True)


def test_a_model_without_pairs_is_told_to_leave_the_term_out(pairs, paired, make_batch):
    for without in (
        (output(None, 1), paired([0])),
        (output(pairs, 1), make_batch([0], videos=VIDEOS)),
    ):
        with pytest.raises(ConfigError, match=r"makes no pairs: leave the term out of loss=\[\.\.\.\]"):
            Matching()(*without)


def test_the_config_builds_the_loss():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        node = dict(compose(overrides=["+loss=matching"]).loss.matching)
    assert (node.pop("weight"), node.pop("start_epoch")) == (0.5, 0)
    assert isinstance(instantiate(node), Matching)
