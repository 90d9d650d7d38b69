import subprocess
import sys
from itertools import pairwise

import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.metrics.answers import AnswerMetrics

LABELS = 5


def questions(count, *, seed=0):
    """Predictions below the third label, so that the last two are answers that train has not."""
    generator = torch.Generator().manual_seed(seed)

    def draw(high):
        return torch.randint(high, (count,), generator=generator)

    return draw(3), draw(LABELS), draw(9), torch.ones(count)


def counted(*splits):
    metrics = AnswerMetrics(labels=LABELS, categories=9)
    for columns in splits:
        metrics.update(*columns)
    return metrics


def as_lists(counts):
    return [values.tolist() for values in counts]


def test_counts_equal_a_loop_over_questions():
    columns = questions(101)
    counts = counted(columns).compute()
    correct, total, confusion = [0] * 9, [0] * 9, [[0] * LABELS for _ in range(LABELS)]
    for prediction, answer, category, _ in zip(*(column.tolist() for column in columns), strict=True):
        correct[category] += prediction == answer
        total[category] += 1
        confusion[answer][prediction] += 1
    assert as_lists(counts) == [correct, total, confusion]
    assert {values.dtype for values in counts} == {torch.int64}


@settings(deadline=None)
@given(st.lists(st.integers(1, 100), max_size=4))
def test_counts_do_not_depend_on_how_questions_are_shared_among_processes(cuts):
    columns = questions(101)
    bounds = [0, *sorted(set(cuts)), 101]
    parts = [counted([c[a:b] for c in columns]) for a, b in pairwise(bounds)]
    for part in parts[1:]:
        parts[0].merge_state(part)
    assert as_lists(parts[0].compute()) == as_lists(counted(columns).compute())


def test_a_stand_in_question_is_not_counted():
    metrics = counted(questions(17), (*questions(1)[:3], torch.zeros(1)))
    assert as_lists(metrics.compute()) == as_lists(counted(questions(17)).compute())


def test_an_answer_that_train_has_not_is_wrong_and_in_the_confusion_matrix():
    answer = torch.tensor([LABELS - 1])
    counts = counted((torch.tensor([0]), answer, torch.tensor([8]), torch.ones(1))).compute()
    assert counts.correct.sum() == 0
    assert counts.total[8] == 1
    assert counts.confusion[LABELS - 1, 0] == 1


def test_counts_stay_whole_numbers_when_the_model_is_cast():
    metrics = counted(questions(3)).to(torch.bfloat16)
    metrics.update(*questions(401))
    counts = metrics.compute()
    assert counts.total.dtype == torch.int64
    assert counts.total.sum() == 404


def test_reset_forgets_every_question():
    metrics = counted(questions(17))
    metrics.reset()
    metrics.update(*questions(3))
    assert metrics.compute().total.sum() == 3


def count_on_one_process(rank, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    own = slice(0, 60) if rank == 0 else slice(60, 101)
    metrics = counted([column[own] for column in questions(101)])
    torch.save(as_lists(metrics.compute()), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_count_what_one_does(tmp_path):
    commands = [[sys.executable, __file__, str(rank), str(tmp_path)] for rank in (0, 1)]
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    expected = as_lists(counted(questions(101)).compute())
    assert [torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1)] == [expected, expected]


if __name__ == "__main__":
    count_on_one_process(int(sys.argv[1]), sys.argv[2])
