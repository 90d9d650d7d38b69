import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.data.datamodule import BatchLoader
from avqa_lit.data.sampler import StepSampler
from avqa_lit.errors import ConfigError

CLIPS = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(np.array)


@given(
    clips=CLIPS,
    batch_size=st.integers(1, 17),
    world_size=st.integers(1, 5),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
    together=st.integers(1, 4),
)
def test_processes_share_the_videos_of_each_step_without_loss_or_repeat(
    clips, batch_size, world_size, epoch, shuffle, together
):
    def steps(rank, world_size):
        sampler = StepSampler(
            clips, batch_size=batch_size, shuffle=shuffle, seed=7, rank=rank, world_size=world_size,
            together=together,
        )  # fmt: skip
        sampler.set_epoch(epoch)
        assert len(list(sampler)) == len(sampler)
        return list(sampler)

    alone = steps(0, 1)
    shared = [steps(rank, world_size) for rank in range(world_size)]
    assert sorted(np.concatenate([rows for rows, _ in alone])) == list(range(len(clips)))
    for step, (rows, whole) in enumerate(alone):
        parts = [process[step] for process in shared]
        assert all(np.array_equal(part_whole, rows) for _, part_whole in [*parts, (rows, whole)])
        assert sorted(np.concatenate([part for part, _ in parts])) == sorted(rows)
        heard = [clip for part, _ in parts for clip in set(clips[part].tolist())]
        assert len(heard) == len(set(heard))


def test_order_changes_with_the_epoch_and_the_seed_and_with_nothing_else():
    def order(seed, epoch):
        sampler = StepSampler(np.arange(101), batch_size=101, shuffle=True, seed=seed)
        sampler.set_epoch(epoch)
        return next(iter(sampler))[0].tolist()

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


@given(clips=CLIPS, batch_size=st.integers(1, 17))
def test_unshuffled_steps_hold_whole_videos(clips, batch_size):
    sampler = StepSampler(clips, batch_size=batch_size, shuffle=False, seed=0)
    steps = [rows for rows, _ in sampler]
    asked = np.concatenate([clips[rows] for rows in steps])
    assert asked.tolist() == sorted(clips.tolist())
    assert all(len(rows) <= batch_size for rows in steps)
    for clip in set(clips.tolist()):
        inside = [rows for rows in steps if clip in clips[rows]]
        assert len(inside) == 1 or (clips == clip).sum() > batch_size
    # No step could have taken the first video of the next one.
    for rows, following in itertools.pairwise(steps):
        assert len(rows) + (clips == clips[following[0]]).sum() > batch_size


def test_unshuffled_questions_about_a_video_keep_their_order():
    sampler = StepSampler(np.array([4, 2, 4, 3, 2, 4, 9]), batch_size=4, shuffle=False, seed=0)
    assert [rows.tolist() for rows, _ in sampler] == [[1, 4, 3], [0, 2, 5, 6]]


@given(clips=CLIPS, together=st.integers(2, 4))
def test_grouped_training_puts_so_many_questions_about_a_video_together(clips, together):
    sampler = StepSampler(clips, batch_size=100, shuffle=True, seed=5, together=together)
    order, _ = next(iter(sampler))
    runs = [len(list(run)) for _, run in itertools.groupby(clips[order])]
    counts = np.unique(clips, return_counts=True)[1]
    assert sorted(order) == list(range(len(clips)))
    assert len(runs) <= (-(-counts // together)).sum()


def test_grouped_training_draws_new_groups_each_epoch():
    def order(epoch):
        sampler = StepSampler(np.arange(101) // 5, batch_size=101, shuffle=True, seed=0, together=3)
        sampler.set_epoch(epoch)
        return next(iter(sampler))[0].tolist()

    assert order(0) == order(0)
    assert order(0) != order(1)


def test_an_empty_batch_is_refused():
    with pytest.raises(ConfigError, match=r"data\.batch_size=0"):
        StepSampler(np.arange(7), batch_size=0, shuffle=False, seed=0)


def test_a_group_of_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"data\.group_by_video=0: expected 1"):
        StepSampler(np.arange(7), batch_size=1, shuffle=True, seed=0, together=0)


def test_a_pass_goes_on_where_another_left_off_and_the_next_is_whole():
    sampler = StepSampler(np.arange(17), batch_size=5, shuffle=True, seed=3)
    whole = [rows.tolist() for rows, _ in sampler]
    sampler.start_at(2)
    assert [rows.tolist() for rows, _ in sampler] == whole[2:]
    assert [rows.tolist() for rows, _ in sampler] == whole


def test_a_loader_knows_how_far_its_pass_is():
    data = SimpleNamespace(
        gather=lambda split, rows, *, total, others, epoch: rows.tolist(),
        other_clips=lambda split, step, *, place: None,
        read_ahead=lambda split, rows, *, epoch: None,
    )

    def loader():
        return BatchLoader(data, "train", StepSampler(np.arange(17), batch_size=5, shuffle=True, seed=3))

    first = loader()
    batches = iter(first)
    handed_out = [next(batches), next(batches)]
    second = loader()
    second.load_state_dict(first.state_dict())
    rest = iter(second)
    handed_out.append(next(rest))
    assert second.state_dict() == {"steps": 3}
    assert handed_out + list(rest) == list(loader())
