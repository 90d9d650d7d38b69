import pytest
from lightning.pytorch.utilities import rank_zero_only

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.config.processes import processes_of, settle_rank
from avqa_lit.errors import ConfigError

SRUN = {
    "SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_PROCID": "1", "SLURM_LOCALID": "1",
    "SLURM_NODEID": "0", "SLURM_NODELIST": "n1",
}  # fmt: skip
RANKS = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}


@pytest.mark.parametrize(
    ("trainer", "count"),
    [
        ({}, 1),
        ({"devices": "auto", "accelerator": "cpu"}, 1),
        ({"devices": "2", "num_nodes": 2}, 4),
        ({"devices": [0, 3], "accelerator": "gpu"}, 2),
        ({"devices": "0,", "accelerator": "gpu"}, 1),
        ({"devices": 1, "num_nodes": 2}, 2),
    ],
)
def test_the_processes_of_a_trainer_are_counted_over_all_machines(trainer, count):
    assert processes_of(trainer) == count


@pytest.fixture
def ranked(monkeypatch):
    """Sets the variables of a task whose rank Lightning has read already."""
    monkeypatch.setattr(rank_zero_only, "rank", 1)

    def of(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return of


@pytest.mark.parametrize("variables", [SRUN, RANKS])
def test_a_rank_counts_only_where_the_trainer_has_several_processes(ranked, variables):
    ranked(variables)
    settle_rank({"devices": 2, "accelerator": "cpu"})
    assert rank_zero_only.rank == 1
    settle_rank({"devices": 1})
    assert rank_zero_only.rank == 0


def test_torchrun_with_a_trainer_of_one_process_is_refused(ranked):
    ranked(RANKS | {"TORCHELASTIC_RUN_ID": "none"})
    with pytest.raises(
        ConfigError, match=r"torchrun started 2 processes, but trainer.devices=1 trains in one"
    ):
        settle_rank({"devices": 1})


@pytest.mark.slow
@pytest.mark.parametrize("variables", [SRUN, RANKS])
def test_a_task_that_a_scheduler_numbers_leaves_its_files(train, tmp_path, variables):
    train("seed=1", "hydra.run.dir=R", **variables)
    results = read_run(tmp_path / "R").results
    assert (results.state, results.world_size, results.seed) == ("finished", 1, 1)
