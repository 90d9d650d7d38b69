from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.data.datamodule import BatchLoader
from avqa_lit.data.sampler import StepSampler
from avqa_lit.errors import ConfigError


@given(
    questions=st.integers(1, 60),
    batch_size=st.integers(1, 17),
    world_size=st.integers(1, 5),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
)
def test_processes_share_each_step_without_loss_or_repeat(questions, batch_size, world_size, epoch, shuffle):
    def steps(rank, world_size):
        sampler = StepSampler(
            questions, batch_size=batch_size, shuffle=shuffle, seed=7, rank=rank, world_size=world_size
        )
        sampler.set_epoch(epoch)
        assert len(list(sampler)) == len(sampler)
        return list(sampler)

    alone = steps(0, 1)
    shared = [steps(rank, world_size) for rank in range(world_size)]
    assert sorted(np.concatenate([rows for rows, _ in alone])) == list(range(questions))
    for step, (rows, whole) in enumerate(alone):
        parts = [process[step] for process in shared]
        assert all(np.array_equal(part_whole, rows) for _, part_whole in [*parts, (rows, whole)])
        assert sorted(np.concatenate([part for part, _ in parts])) == sorted(rows)


def test_order_changes_with_the_epoch_and_the_seed_and_with_nothing_else():
    def order(seed, epoch):
        sampler = StepSampler(101, batch_size=101, shuffle=True, seed=seed)
        sampler.set_epoch(epoch)
        return next(iter(sampler))[0].tolist()

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_unshuffled_order_is_that_of_the_annotations():
    sampler = StepSampler(7, batch_size=3, shuffle=False, seed=0)
    assert [rows.tolist() for rows, _ in sampler] == [[0, 1, 2], [3, 4, 5], [6]]


def test_an_empty_batch_is_refused():
    with pytest.raises(ConfigError, match=r"data\.batch_size=0"):
        StepSampler(7, batch_size=0, shuffle=False, seed=0)


def test_a_pass_goes_on_where_another_left_off_and_the_next_is_whole():
    sampler = StepSampler(17, batch_size=5, shuffle=True, seed=3)
    whole = [rows.tolist() for rows, _ in sampler]
    sampler.start_at(2)
    assert [rows.tolist() for rows, _ in sampler] == whole[2:]
    assert [rows.tolist() for rows, _ in sampler] == whole


def test_a_loader_knows_how_far_its_pass_is():
    data = SimpleNamespace(
        gather=lambda split, rows, *, total, others, epoch: rows.tolist(),
        other_clips=lambda split, step, *, place: None,
    )

    def loader():
        return BatchLoader(data, "train", StepSampler(17, batch_size=5, shuffle=True, seed=3))

    first = loader()
    batches = iter(first)
    handed_out = [next(batches), next(batches)]
    second = loader()
    second.load_state_dict(first.state_dict())
    rest = iter(second)
    handed_out.append(next(rest))
    assert second.state_dict() == {"steps": 3}
    assert handed_out + list(rest) == list(loader())
