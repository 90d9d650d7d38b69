"""The baseline through its config: its losses, its false pairs, and what rests where no loss reads them."""

import numpy as np
import pytest
import torch

from avqa_lit.config.build import build_module
from avqa_lit.config.question import Question
from avqa_lit.config.requirements import requirements_of
from avqa_lit.config.run_data import run_data
from avqa_lit.config.schema import Train
from avqa_lit.config.validation import validate
from avqa_lit.errors import ConfigError, DataError

SMALL = ("model.dim=8", "model.heads=2", "model.frames=5", "model.dropout=0")


@pytest.fixture(scope="session")
def maps(raw):
    """The official folder with maps beside its vectors; encoder `maps`."""
    random = np.random.default_rng(7)
    (raw / "feats" / "maps").mkdir()
    for video in sorted((raw / "feats" / "vggish").iterdir()):
        np.save(raw / "feats" / "maps" / video.name, random.normal(size=(13, 8, 3, 2)).astype(np.float32))
    return ("data=music_avqa", f"data.raw={raw}", "data.visual.encoder=maps")


@pytest.fixture
def module(compose):
    """The module of a command line and its data."""

    def of(*overrides):
        config = compose(*overrides)
        validate(config, schema=Train)
        config["data"]["batch_size"] = 16
        requirements, question = requirements_of(config), Question(config["question"])
        data = run_data(config, question=question, requirements=requirements, seed=0)
        torch.manual_seed(0)
        return build_module(config, data, requirements, origin={}), data.module

    return of


@pytest.mark.parametrize(
    ("overrides", "terms"),
    [
        (("model=avst",), ["answer", "matching"]),
        (("model=avst_pooled",), ["answer", "matching"]),
        (("model=avst", "loss=[matching,kl]"), ["answer", "matching", "kl"]),
        (("loss=[]", "model=avst"), ["answer"]),
        ((), ["answer", "kl"]),
    ],
)
def test_the_model_chooses_its_losses_and_the_command_line_has_the_last_word(compose, overrides, terms):
    config = compose(*overrides)
    validate(config, schema=Train)
    assert [name for name, node in config["loss"].items() if node["weight"] > 0] == terms


def steps_of(module, data, *, processes):
    """Loss and terms of each step, summed over processes."""
    sums = []
    for rank in range(processes):
        loader = data.loader("train", shuffle=True, rank=rank, world_size=processes)
        for step, batch in enumerate(loader):
            loss, terms = module.losses(module(batch), batch, epoch=0)
            values = torch.stack([loss, *terms.values()])
            if rank == 0:
                sums.append(values)
            else:
                sums[step] = sums[step] + values
    return torch.stack(sums).detach()


def test_two_processes_have_the_losses_of_one(module, maps):
    avst, data = module("model=avst", *SMALL, *maps, "loss=[matching,kl]")
    alone = steps_of(avst, data, processes=1)
    assert alone.shape == (5, 4)  # the last step has three questions, fewer than the processes below
    for processes in (2, 5):
        together = steps_of(avst, data, processes=processes)
        torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("losses", ["[]", "[matching]", "[matching,kl]"])
@pytest.mark.parametrize("rank", [0, 4])
def test_every_parameter_that_may_learn_gets_a_gradient_on_every_process(module, maps, losses, rank):
    avst, data = module("model=avst", *SMALL, *maps, f"loss={losses}")
    assert data.with_other_videos == ("matching" in losses)
    *_, batch = data.loader("train", shuffle=True, rank=rank, world_size=5)
    assert batch.weight.any() == (rank == 0)
    loss, _ = avst.losses(avst(batch), batch, epoch=0)
    loss.backward()
    rests = {name for name, one in avst.model.named_parameters() if one.grad is None}
    assert all(name.startswith("matching.") for name in rests)
    assert bool(rests) == ("matching" not in losses)
    assert rests == {name for name, one in avst.model.named_parameters() if not one.requires_grad}


def test_a_matching_loss_of_weight_0_costs_no_other_videos(module, maps):
    avst, data = module("model=avst", *SMALL, *maps, "loss.matching.weight=0")
    assert not data.with_other_videos
    assert not any(one.requires_grad for one in avst.model.matching.parameters())


def test_a_model_that_makes_no_pairs_is_told_so(module, maps):
    with pytest.raises(ConfigError, match=r"loss.matching tells true pairs .* this model makes no pairs"):
        module(*maps, "loss=[matching]")


def test_vectors_are_refused_with_the_model_that_reads_them(module, raw):
    with pytest.raises(DataError, match=r"visual row of shape \[3\].*model=avst_pooled expects vectors"):
        module("model=avst", "data=music_avqa", f"data.raw={raw}")
    module("model=avst_pooled", "model.dim=8", "data=music_avqa", f"data.raw={raw}")
