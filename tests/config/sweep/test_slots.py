import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.config.processors import Processors
from avqa_lit.config.sweep.slots import Need, Slots, need_of, visible_gpus
from avqa_lit.errors import ConfigError


def slots_of(count, *, gpus=(), n_jobs=None):
    return Slots(processors=Processors(count, "the quota is so"), gpus=gpus, n_jobs=n_jobs)


def test_cores_limit_how_many_jobs_run():
    slots = slots_of(7, gpus=[], n_jobs=None)
    first, second = slots.lease(Need(3, 0)), slots.lease(Need(3, 0))
    assert first is not None
    assert second is not None
    assert slots.lease(Need(3, 0)) is None
    slots.release(first)
    assert slots.lease(Need(3, 0)) is not None


def test_a_job_that_needs_more_cores_than_there_are_runs_alone():
    slots = slots_of(2, gpus=[], n_jobs=None)
    alone = slots.lease(Need(5, 0))
    assert alone is not None
    assert slots.lease(Need(1, 0)) is None


def test_a_given_number_of_jobs_replaces_the_limit_by_cores():
    slots = slots_of(1, gpus=[], n_jobs=3)
    assert [slots.lease(Need(2, 0)) is not None for _ in range(4)] == [True, True, True, False]


@settings(deadline=None)
@given(
    st.integers(1, 7).flatmap(
        lambda pool: st.tuples(st.just(pool), st.lists(st.integers(1, pool), max_size=11), st.randoms())
    )
)
def test_no_gpu_is_ever_in_two_jobs(case):
    pool, needs, random = case
    gpus = [f"GPU-{index}" for index in range(pool)]
    slots = slots_of(1, gpus=gpus, n_jobs=None)
    held = []
    for need in needs:
        while (lease := slots.lease(Need(0, need))) is None:
            slots.release(held.pop(random.randrange(len(held))))
        assert len(lease.gpus) == need
        held.append(lease)
        used = [gpu for one in held for gpu in one.gpus]
        assert len(used) == len(set(used))
        assert set(used) <= set(gpus)


@pytest.mark.parametrize(
    ("trainer", "gpus", "expected"),
    [
        ({}, [], Need(1, 0)),
        ({"accelerator": "cpu", "devices": 3, "threads": 5}, ["0", "1"], Need(15, 0)),
        ({"accelerator": "auto", "devices": "auto", "threads": "auto"}, [], Need(1, 0)),
        ({"accelerator": "auto", "devices": 2, "threads": 5}, ["0", "1", "2"], Need(0, 2)),
        ({"accelerator": "gpu", "devices": -1}, ["0", "1", "2"], Need(0, 3)),
        ({"accelerator": "cuda", "devices": "auto"}, ["0", "1"], Need(0, 2)),
    ],
)
def test_a_job_needs_what_its_trainer_says(trainer, gpus, expected):
    assert need_of(trainer, gpus=gpus) == expected


@pytest.mark.parametrize("gpus", [["3"], []])
def test_more_gpus_than_the_pool_has_are_refused(gpus):
    with pytest.raises(ConfigError, match=rf"trainer.devices=2: the sweep has {len(gpus)} GPUs"):
        need_of({"accelerator": "gpu", "devices": 2}, gpus=gpus)


def test_gpus_by_index_are_refused():
    with pytest.raises(ConfigError, match=r"trainer.devices=\[0, 2\]: .* expects their number"):
        need_of({"accelerator": "gpu", "devices": [0, 2]}, gpus=["0", "1", "2"])


@pytest.mark.parametrize(
    ("listed", "expected"), [("0,2", ["0", "2"]), ("GPU-a, GPU-b", ["GPU-a", "GPU-b"]), ("", []), ("-1", [])]
)
def test_the_pool_is_what_this_process_may_see(listed, expected):
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": listed}) == expected


def test_without_a_driver_there_are_no_gpus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}) == []


def test_the_driver_names_the_gpus(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}) == ["0", "1"]


@pytest.mark.parametrize(
    ("slots", "needs", "expected"),
    [
        (slots_of(2), [Need(1, 0)] * 5, "2 jobs at once: the quota is so"),
        (slots_of(7), [Need(3, 0)] * 5, "2 jobs at once: the quota is so, and each job fills 3"),
        (slots_of(7), [Need(1, 0)] * 5, "5 jobs at once"),
        (slots_of(2), [Need(5, 0)] * 2, "1 job at once: the quota is so, and each job fills 5"),
        (slots_of(2, n_jobs=3), [Need(1, 0)] * 5, "3 jobs at once: hydra.launcher.n_jobs=3"),
        (slots_of(2, gpus=["0", "1", "2"]), [Need(0, 2)] * 5, "1 job at once: the sweep has 3 GPUs"),
        (Slots(processors=None, gpus=[], n_jobs=None), [Need(0, 0)] * 5, "5 jobs at once"),
    ],
)
def test_a_sweep_tells_how_many_jobs_fit_at_once_and_what_the_limit_is(slots, needs, expected):
    assert slots.outlook(needs) == expected
    assert slots.outlook(needs) == expected  # nothing stays taken
