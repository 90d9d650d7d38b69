import subprocess
import sys
import time

from avqa_lit.config.sweep.guard import Guard


def sleeper(code="pass"):
    process = subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import signal, time; {code}; print(flush=True); time.sleep(600)",
        ],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    return process


def test_what_is_watched_ends_when_the_driver_lets_go():
    job = sleeper()
    with Guard(grace=0.2) as guard:
        guard.watch(job.pid)
    assert job.wait(timeout=10) == -15


def test_what_ignores_a_polite_end_is_killed():
    job = sleeper("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with Guard(grace=0.2) as guard:
        guard.watch(job.pid)
    assert job.wait(timeout=10) == -9


def test_what_has_ended_is_left_alone():
    job = sleeper()
    with Guard(grace=0.2) as guard:
        guard.watch(job.pid)
        guard.forget(job.pid)
    assert job.poll() is None
    job.kill()
    job.wait()


def test_a_sweep_goes_on_without_its_guard():
    with Guard(grace=0.2) as guard:
        guard._process.kill()
        guard._process.wait()
        time.sleep(0.05)
        guard.watch(1)
        guard.forget(1)
