import pytest
import torch

from avqa_lit.config.threads import set_threads


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_number_of_threads_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    chosen = set_threads({"threads": 3, "devices": 1, "accelerator": "cpu"})
    assert (chosen.count, chosen.reason) == (3, "trainer.threads=3")
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("threads", ["auto", None])
def test_left_open_the_number_of_threads_respects_the_environment(monkeypatch, threads):
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
    chosen = set_threads({"threads": threads, "devices": 1, "accelerator": "cpu"})
    assert chosen.count == torch.get_num_threads() == 1
