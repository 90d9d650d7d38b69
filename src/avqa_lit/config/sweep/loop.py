"""Runs the jobs of a sweep: starts what fits, ends what must, and tells how each of them ended."""

import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avqa_lit.artifacts.run_folder import RunFolder
from avqa_lit.config.sweep.display import SweepDisplay
from avqa_lit.config.sweep.interrupts import Interrupts
from avqa_lit.config.sweep.machine import RunningJob, Start
from avqa_lit.config.sweep.outcome import failure, finished_results
from avqa_lit.config.sweep.plan import SweepJob
from avqa_lit.config.sweep.slots import Lease, Slots

TICK = 0.02


@dataclass(frozen=True)
class Limits:
    """What a job may take.

    Attributes:
        timeout: seconds that one attempt may run; 0 is no limit.
        grace: seconds between SIGTERM and SIGKILL.
        retries: further attempts after a failed one.
        fail_fast: whether the first failed job ends the sweep.
    """

    timeout: float
    grace: float
    retries: int
    fail_fast: bool


@dataclass
class _Attempt:
    job: SweepJob
    process: RunningJob
    lease: Lease
    began: float
    earlier_results: tuple[int, int] | None
    stopped: tuple[str, str] | None = None  # state and reason, once we have asked it to end
    kill_at: float = float("inf")


class JobLoop:
    """Runs jobs until none is left; no process outlives it.

    Args:
        jobs: those to run, in order.
        slots: room for them.
        limits: what each may take.
        start: starts one; raises OSError where it cannot.
        display: is told of every start and end.
        changed: called after every change of a job's state.
    """

    def __init__(
        self,
        jobs: Sequence[SweepJob],
        *,
        slots: Slots,
        limits: Limits,
        start: Start,
        display: SweepDisplay,
        changed: Callable[[], None],
    ) -> None:
        self.waiting = deque(jobs)
        self.running: list[_Attempt] = []
        self.slots = slots
        self.limits = limits
        self.start = start
        self.display = display
        self.changed = changed

    def run(self, interrupts: Interrupts) -> None:
        """Run all jobs, or end them early when a signal comes; a second signal waits no longer."""
        told = 0
        try:
            while self.waiting or self.running:
                if interrupts.first is not None and interrupts.count > told:
                    hurry = told > 0
                    told = interrupts.count
                    self._end_all(f"the sweep was interrupted by {interrupts.first.name}", hurry=hurry)
                self._start_what_fits()
                time.sleep(TICK)
                for attempt in list(self.running):
                    self._look_after(attempt)
                self.display.refresh()
        finally:
            for attempt in self.running:
                attempt.process.kill()

    def _start_what_fits(self) -> None:
        while self.waiting and (lease := self.slots.lease(self.waiting[0].need)) is not None:
            self._start(self.waiting.popleft(), lease)

    def _start(self, job: SweepJob, lease: Lease) -> None:
        job.attempts += 1
        try:
            earlier = _stamp(job)
            process = self.start(job, lease)
        except OSError as error:
            self.slots.release(lease)
            self._settle(job, "failed", f"cannot be started: {error}", retry=True)
            return
        self.running.append(_Attempt(job, process, lease, time.monotonic(), earlier))
        job.state, job.reason = "running", None
        self.changed()
        self.display.started(job)

    def _look_after(self, attempt: _Attempt) -> None:
        status = attempt.process.poll()
        if status is not None:
            self._ended(attempt, status)
            return
        now = time.monotonic()
        if now > attempt.kill_at:
            attempt.process.signal(signal.SIGKILL)
        elif 0 < self.limits.timeout < now - attempt.began and attempt.stopped is None:
            reason = f"ran longer than hydra.launcher.timeout_minutes={self.limits.timeout / 60:g}"
            self._ask_to_end(attempt, "failed", reason)

    def _ask_to_end(self, attempt: _Attempt, state: str, reason: str) -> None:
        attempt.stopped = (state, reason)
        attempt.kill_at = time.monotonic() + self.limits.grace
        attempt.process.signal(signal.SIGTERM)

    def _ended(self, attempt: _Attempt, status: int) -> None:
        job = attempt.job
        self.running.remove(attempt)
        self.slots.release(attempt.lease)
        job.seconds += time.monotonic() - attempt.began
        # What an earlier attempt left must not pass for this one's.
        has_results = _stamp(job) != attempt.earlier_results
        job.results = finished_results(job.folder, key=job.key) if status == 0 and has_results else None
        if job.results is not None:
            self._settle(job, "finished", None)
            return
        state, reason = failure(
            job.folder,
            key=job.key,
            status=status,
            last_lines=attempt.process.last_lines(),
            has_results=has_results,
        )
        if state == "diverged":
            self._settle(job, state, reason)
            return
        if attempt.stopped is not None:
            state, cause = attempt.stopped
            reason = "\n".join([cause, *reason.splitlines()[1:]])
        self._settle(job, state, reason, retry=attempt.stopped is None or state == "failed")

    def _settle(self, job: SweepJob, state: str, reason: str | None, *, retry: bool = False) -> None:
        """Note how a job ended, and what follows from it for others."""
        job.state, job.reason = state, reason
        self.display.ended(job)
        if retry and job.attempts <= self.limits.retries:
            job.state = "waiting"
            self.waiting.append(job)
        elif retry and self.limits.fail_fast:
            self._end_all(f"hydra.launcher.fail_fast: job {job.number} did not finish")
        self.changed()

    def _end_all(self, reason: str, *, hurry: bool = False) -> None:
        for job in self.waiting:
            job.state, job.reason = "interrupted", f"not started: {reason}"
        self.waiting.clear()
        for attempt in self.running:
            if attempt.stopped is None or attempt.stopped[0] == "failed":
                self._ask_to_end(attempt, "interrupted", reason)
            if hurry:
                attempt.kill_at = 0.0
        self.changed()


def _stamp(job: SweepJob) -> tuple[int, int] | None:
    """Tells the results of one attempt from those of another; None where there are none."""
    try:
        status = RunFolder(job.folder).results.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
