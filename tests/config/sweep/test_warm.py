import os
import signal
import sys
import time

import pytest

from avqa_lit.config.sweep.machine import ThisMachine
from avqa_lit.config.sweep.slots import Lease, Need

LEASE = Lease(Need(cores=1, gpus=0), gpus=())
TELL = """
import os
alone = os.getsid(0) == os.getpid()
print(os.getppid(), alone, "fractions" in sys.modules, sys.argv[1:] == [str(folder), key])
"""
KILL_PARENT = """
import os, signal, time
while not (folder / "started").exists():
    time.sleep(0.01)
os.kill(os.getppid(), signal.SIGKILL)
"""


@pytest.fixture
def start():
    """Starts jobs that are forked from a process that has imported `fractions`."""
    with ThisMachine(gpus=(), grace=0.2, preload=("fractions",)).starting({}) as start:
        yield lambda job: start(job, LEASE)


def ended(process, *, seconds=20.0):
    end = time.monotonic() + seconds
    while (status := process.poll()) is None:
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.02)
    return status


def test_jobs_are_forked_from_one_process_that_has_done_the_imports(start, make_job):
    jobs = [make_job(TELL), make_job(TELL)]
    processes = [start(job) for job in jobs]
    assert [ended(process) for process in processes] == [0, 0]
    told = [process.last_lines()[-1].split() for process in processes]
    assert told[0][0] == told[1][0] != str(os.getpid())
    assert [one[1:] for one in told] == [["True", "True", "True"]] * 2
    assert jobs[0].log.read_text("utf-8").startswith(f"$ {sys.executable} -P ")


def test_nothing_of_a_job_reaches_the_next(start, make_job):
    leak = "import fractions, os; os.environ['LEAK'] = '1'; fractions.leak = 1; sys.path.append('leak')"
    assert ended(start(make_job(leak))) == 0
    clean = (
        "import fractions, os; print('LEAK' in os.environ, hasattr(fractions, 'leak'), 'leak' in sys.path)"
    )
    process = start(make_job(clean))
    assert ended(process) == 0
    assert process.last_lines()[-1] == "False False False"


def test_every_job_draws_random_numbers_of_its_own(start, make_job):
    processes = [start(make_job("import random; print(random.random())")) for _ in range(2)]
    assert [ended(process) for process in processes] == [0, 0]
    assert processes[0].last_lines() != processes[1].last_lines()


def test_a_job_ends_with_the_status_and_the_traceback_of_its_program(start, make_job):
    status = start(make_job("sys.exit(7)"))
    told = start(make_job("sys.exit('no luck')"))
    done = start(make_job("sys.exit()"))
    failed = start(make_job("raise ValueError('out of luck')"))
    killed = start(make_job("import os; os.kill(os.getpid(), 9)"))
    assert [ended(one) for one in (status, told, done, failed, killed)] == [7, 1, 0, 1, -signal.SIGKILL]
    assert told.last_lines()[-1] == "no luck"
    assert failed.last_lines()[-1] == "ValueError: out of luck"


def test_a_job_ends_once_its_threads_have_and_after_what_it_left_for_the_end(start, make_job):
    code = """
import atexit, threading, time
atexit.register(print, "at the end")
threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
print("program")
"""
    process = start(make_job(code))
    assert ended(process) == 0
    assert process.last_lines()[-3:] == ["program", "thread", "at the end"]


def test_without_the_process_that_forks_jobs_start_from_scratch(start, make_job):
    first = start(make_job("import time; time.sleep(600)"))
    job = make_job(KILL_PARENT)
    parent = start(job)
    job.log.with_name("started").touch()  # that its number was told: else it would start from scratch here
    assert ended(first) == ended(parent) == -signal.SIGKILL
    process = start(make_job(TELL))
    assert ended(process) == 0
    assert process.last_lines()[-1] == f"{os.getpid()} True False True"


def test_a_module_that_cannot_be_imported_is_left_to_the_job_to_explain(make_job):
    machine = ThisMachine(gpus=(), grace=0.2, preload=("no_such_module",))
    with machine.starting({}) as start:
        assert ended(start(make_job(), LEASE)) == 0


@pytest.mark.parametrize(("devices", "begun"), [(1, True), (2, False)])
def test_imports_begin_before_a_job_is_ready_if_such_jobs_are_forked(tmp_path, monkeypatch, devices, begun):
    (tmp_path / "told_by_import.py").write_text("import pathlib; pathlib.Path(__file__ + '.told').touch()")
    monkeypatch.syspath_prepend(tmp_path)
    told = tmp_path / "told_by_import.py.told"
    machine = ThisMachine(gpus=(), grace=0.2, preload=("told_by_import",))
    with machine.starting({"devices": devices}):
        end = time.monotonic() + (20 if begun else 1)
        while not told.exists() and time.monotonic() < end:
            time.sleep(0.02)
    assert told.exists() == begun


@pytest.mark.parametrize(
    ("trainer", "forked"),
    [
        ({"accelerator": "cpu", "devices": 1}, True),
        ({"accelerator": "cpu", "devices": 2}, False),
        ({"accelerator": "cpu", "devices": 1, "num_nodes": 2}, False),
        ({"accelerator": "gpu", "devices": 1}, False),
    ],
)
def test_jobs_of_several_processes_or_on_gpus_start_from_scratch(start, make_job, trainer, forked):
    job = make_job(TELL)
    job.config["trainer"] = trainer
    process = start(job)
    assert ended(process) == 0
    assert process.last_lines()[-1].split()[2] == str(forked)
