import io
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from avqa_lit.artifacts.atomic import write_json
from avqa_lit.config.processors import Processors
from avqa_lit.config.sweep.display import SweepDisplay
from avqa_lit.config.sweep.interrupts import Interrupts
from avqa_lit.config.sweep.loop import JobLoop, Limits
from avqa_lit.config.sweep.machine import ThisMachine
from avqa_lit.config.sweep.slots import Need, Slots
from avqa_lit.console import PlainConsole

FOREVER = "import time; time.sleep(600)"
# A job with a second process in its group, as a data-parallel run has; both ignore a polite end.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
rank = os.fork()
(folder / "pids").write_text(f"{os.getpid()} {rank}") if rank else None
time.sleep(600)
"""


@pytest.fixture(params=[(), ("json",)], ids=["from scratch", "forked"])
def run(request):
    """Runs jobs to the end; gives what was shown and every list of states that was noted."""

    def run_loop(
        jobs, *, n_jobs=3, gpus=(), timeout=0.0, grace=5.0, retries=0, fail_fast=False, during=lambda: None
    ):
        shown = io.StringIO()
        display = SweepDisplay(jobs, console=PlainConsole(file=shown, width=160))
        noted = []

        def changed():
            noted.append(tuple(job.state for job in jobs))
            during()

        machine = ThisMachine(gpus=gpus, grace=grace, preload=request.param)
        with Interrupts() as interrupts, machine.starting({}) as start, display:
            loop = JobLoop(
                jobs,
                slots=Slots(processors=Processors(1, ""), gpus=gpus, n_jobs=n_jobs),
                limits=Limits(timeout=timeout, grace=grace, retries=retries, fail_fast=fail_fast),
                start=start,
                display=display,
                changed=changed,
            )
            loop.run(interrupts)
        return shown.getvalue(), noted

    return run_loop


def wait_for(path, *, seconds=20.0):
    end = time.monotonic() + seconds
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)
    return path.read_text()


def is_running(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def assert_gone(pids):
    end = time.monotonic() + 5
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < end, f"still running: {pids}"
        time.sleep(0.02)


def test_jobs_that_leave_finished_results_finish(run, make_job):
    jobs = [make_job(), make_job("print('hello'); finish()")]
    shown, noted = run(jobs)
    assert [job.state for job in jobs] == ["finished", "finished"]
    assert noted[-1] == ("finished", "finished")
    assert "running" in noted[0]
    assert jobs[1].log.read_text("utf-8").endswith("hello\n")
    assert "[1/2] started  seed=0" in shown
    assert "[2/2] finished  seed=1" in shown


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError('out of luck')", r"exit status 1\n(.*\n)*ValueError: out of luck$"),
        ("import os; os.kill(os.getpid(), 9)", "^killed by SIGKILL, perhaps for want of memory$"),
        ("print('no results')", "^exit status 0, but its results.json says nothing.*\nno results$"),
        ("finish('failed')", "^exit status 0, but its results.json says failed"),
        (
            "finish(key='another')",
            "^ran with the config another, expected 000000000000: a config file or a default has",
        ),
        ("finish(); sys.exit(3)", "^exit status 3$"),
    ],
)
def test_a_job_that_fails_says_why_and_does_not_stop_the_others(run, make_job, code, reason):
    bad, good = make_job(code), make_job()
    run([bad, good], n_jobs=1)
    assert (bad.state, good.state) == ("failed", "finished")
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(bad.reason)


def test_a_job_that_cannot_write_its_log_fails_alone(run, make_job):
    bad, good = make_job(), make_job()
    bad.folder.parent.mkdir(parents=True)
    bad.folder.write_text("a file where the folder should be", encoding="utf-8")
    run([bad, good])
    assert (bad.state, good.state) == ("failed", "finished")
    assert bad.reason.startswith("cannot be started: ")


def test_results_of_an_earlier_attempt_do_not_pass_for_this_one(run, make_job):
    job = make_job("pass")
    job.folder.mkdir(parents=True)
    write_json(job.folder / "results.json", {"schema": 1, "state": "finished", "key": job.key})
    run([job])
    assert job.state == "failed"


def test_a_failed_job_is_tried_again(run, make_job):
    job = make_job(
        "marker = folder / 'seen'\nif marker.exists(): finish()\nelse: marker.touch(); sys.exit(5)"
    )
    shown, _ = run([job], retries=1)
    assert (job.state, job.attempts) == ("finished", 2)
    assert "started, attempt 2" in shown
    assert job.log.read_text("utf-8").count("$ ") == 2


def test_a_job_that_diverges_is_not_tried_again_and_ends_no_sweep(run, make_job):
    bad, good = make_job("finish('diverged'); sys.exit(1)"), make_job()
    shown, _ = run([bad, good], n_jobs=1, retries=2, fail_fast=True)
    assert (bad.state, bad.attempts, good.state) == ("diverged", 1, "finished")
    assert "[1/2] diverged  seed=0" in shown


def test_retries_come_to_an_end(run, make_job):
    job = make_job("sys.exit(5)")
    run([job], retries=2)
    assert (job.state, job.attempts) == ("failed", 3)


def test_fail_fast_ends_the_sweep(run, make_job):
    jobs = [make_job("sys.exit(5)"), make_job(FOREVER), make_job()]
    run(jobs, n_jobs=2, fail_fast=True)
    assert [job.state for job in jobs] == ["failed", "interrupted", "interrupted"]
    assert jobs[1].reason == "hydra.launcher.fail_fast: job 1 did not finish"
    assert jobs[2].reason == "not started: hydra.launcher.fail_fast: job 1 did not finish"


def test_a_job_over_its_time_limit_fails(run, make_job):
    slow, good = make_job("print('still here', flush=True)\n" + FOREVER), make_job()
    run([slow, good], timeout=0.6)
    assert (slow.state, good.state) == ("failed", "finished")
    assert slow.reason == "ran longer than hydra.launcher.timeout_minutes=0.01\nstill here"


def test_a_job_that_ignores_a_polite_end_is_killed_with_its_ranks(run, make_job):
    job = make_job(STUBBORN)
    run([job], timeout=0.5, grace=0.3)
    assert job.state == "failed"
    assert_gone([int(pid) for pid in (job.folder / "pids").read_text().split()])


def test_ranks_that_a_job_leaves_behind_end_with_it(run, make_job):
    job = make_job("import os, time\nrank = os.fork()\nif rank == 0: time.sleep(600)\n"
                   "(folder / 'pids').write_text(str(rank)); finish()")  # fmt: skip
    run([job])
    assert job.state == "finished"
    assert_gone([int((job.folder / "pids").read_text())])


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_job(run, make_job, signum):
    jobs = [make_job(STUBBORN), make_job(FOREVER), make_job()]
    pids = []

    def interrupt():
        pids.extend(int(pid) for pid in wait_for(jobs[0].folder / "pids").split())
        os.kill(os.getpid(), signum)

    thread = threading.Thread(target=interrupt)
    thread.start()
    _, noted = run(jobs, n_jobs=2, grace=0.3)
    thread.join()
    assert noted[-1] == ("interrupted",) * 3
    assert jobs[1].reason == f"the sweep was interrupted by {signum.name}"
    assert jobs[2].reason.startswith("not started: ")
    assert_gone(pids)


def test_a_second_signal_waits_no_longer(run, make_job):
    job = make_job(STUBBORN)

    def interrupt():
        wait_for(job.folder / "pids")
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    run([job], grace=60)
    thread.join()
    assert job.state == "interrupted"
    assert time.monotonic() - began < 30


def test_a_job_that_finishes_while_it_is_asked_to_end_is_finished(run, make_job):
    code = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: (finish(), sys.exit(0)))
(folder / "pids").write_text("ready")
time.sleep(600)
"""
    job = make_job(code)
    thread = threading.Thread(
        target=lambda: (wait_for(job.folder / "pids"), os.kill(os.getpid(), signal.SIGTERM))
    )
    thread.start()
    run([job])
    thread.join()
    assert job.state == "finished"


def test_an_error_of_the_driver_leaves_no_job(run, make_job):
    job = make_job(STUBBORN)

    def disk_full():
        wait_for(job.folder / "pids")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left on device"):
        run([job], during=disk_full)
    assert_gone([int(pid) for pid in (job.folder / "pids").read_text().split()])


def test_concurrent_jobs_see_disjoint_gpus(run, make_job):
    code = """
import os, time
(folder / "span").write_text(f"{time.time()} ")
time.sleep(0.2)
with (folder / "span").open("a") as file: file.write(f"{time.time()} {os.environ['CUDA_VISIBLE_DEVICES']}")
finish()
"""
    jobs = [make_job(code, need=Need(cores=0, gpus=count)) for count in (2, 1, 1, 2, 1)]
    run(jobs, n_jobs=None, gpus=["3", "5", "7"])
    spans = [(job.folder / "span").read_text().split() for job in jobs]
    seen = [set(gpus.split(",")) for *_, gpus in spans]
    assert [len(gpus) for gpus in seen] == [2, 1, 1, 2, 1]
    for one in range(len(jobs)):
        for other in range(one):
            together = float(spans[one][0]) < float(spans[other][1]) and float(spans[other][0]) < float(
                spans[one][1]
            )
            assert not (together and seen[one] & seen[other])


def test_no_more_jobs_run_at_once_than_asked(run, make_job):
    jobs = [make_job("import time; time.sleep(0.1); finish()") for _ in range(5)]
    _, noted = run(jobs, n_jobs=2)
    assert max(states.count("running") for states in noted) == 2
