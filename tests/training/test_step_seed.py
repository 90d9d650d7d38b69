from types import SimpleNamespace

import torch

from avqa_lit.training.step_seed import StepSeed


def draw(seed=3, epoch=5, batch=7, rank=0):
    trainer = SimpleNamespace(current_epoch=epoch, global_rank=rank)
    module = SimpleNamespace(device=torch.device("cpu"))
    StepSeed(seed).on_train_batch_start(trainer, module, None, batch)
    return torch.rand(11)


def test_a_step_draws_the_same_whatever_was_drawn_before():
    with torch.random.fork_rng():
        first = draw()
        torch.rand(13)
        assert torch.equal(draw(), first)


def test_seeds_epochs_batches_and_processes_draw_differently():
    with torch.random.fork_rng():
        drawn = [draw(), draw(seed=4), draw(epoch=6), draw(batch=8), draw(rank=1), draw(epoch=7, batch=5)]
    assert len({tuple(one.tolist()) for one in drawn}) == len(drawn)
