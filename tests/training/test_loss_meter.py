from types import SimpleNamespace

import pytest
import torch

from avqa_lit.training.loss_meter import LossMeter


def step(questions, total):
    return SimpleNamespace(weight=torch.ones(questions), total=total, answer=torch.arange(questions) % 3)


def test_mean_is_over_questions_not_over_steps_or_processes():
    meters = [LossMeter(names=["answer"]) for _ in range(2)]
    # Two processes share a step of 5 questions with losses 1, 1, 1 and 3, 3; then one of 2 with 7 and 9.
    for meter, losses, total in ((0, [1, 1, 1], 5), (1, [3, 3], 5), (0, [7], 2), (1, [9], 2)):
        share = torch.tensor(losses, dtype=torch.float32).sum() / total
        meters[meter].update(share, {"answer": share}, torch.eye(3)[: len(losses)], step(len(losses), total))
    sums = meters[0].sums + meters[1].sums
    meters[0].sums, meters[0].questions = sums, meters[0].questions + meters[1].questions
    assert meters[0].compute()["loss"] == pytest.approx((3 + 6 + 16) / 7)


def test_a_term_that_was_not_evaluated_is_left_out():
    meter = LossMeter(names=["answer", "kl"])
    meter.update(torch.tensor(2.0), {"answer": torch.tensor(2.0)}, torch.eye(3), step(3, 3))
    assert meter.compute() == {"loss": 2.0, "loss/answer": 2.0, "acc/overall": 1.0}


def test_a_late_term_is_averaged_over_its_own_questions():
    meter = LossMeter(names=["kl"])
    meter.update(torch.tensor(1.0), {}, torch.eye(3), step(3, 3))
    meter.update(torch.tensor(1.0), {"kl": torch.tensor(4.0)}, torch.eye(3), step(3, 3))
    assert meter.compute()["loss/kl"] == 4.0


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_shares_of_earlier_processes_are_taken_up_once(world_size):
    share = torch.tensor(2.0)
    shares = []
    for questions in (3, 2):
        meter = LossMeter(names=["answer"])
        meter.update(share, {"answer": share}, torch.eye(3)[:questions], step(questions, 5))
        shares += meter.shares()
    meters = [LossMeter(names=["answer"]) for _ in range(world_size)]
    for rank, meter in enumerate(meters):
        meter.take_up(shares, rank=rank, world_size=world_size)
    assert sum(int(meter.questions[0]) for meter in meters) == 5
    assert sum(float(meter.sums[0]) for meter in meters) == 20.0
    assert sum(int(meter.correct) for meter in meters) == 5
    if world_size == 2:
        assert [int(meter.questions[0]) for meter in meters] == [3, 2]


def test_a_checkpoint_of_weights_holds_no_sums():
    assert LossMeter(names=["answer"]).state_dict() == {}
