import io
import json
import time

import pytest

from avqa_lit.artifacts.results import Results, Seconds
from avqa_lit.config.sweep.display import SweepDisplay, print_outcome
from avqa_lit.console import PlainConsole

RESULTS = Results(
    state="finished",
    metrics={"val/acc/overall": 0.7152, "test/acc/overall": 0.57674},
    seconds=Seconds(total=83.0),
)


@pytest.fixture
def jobs(make_job):
    made = [make_job() for _ in range(4)]
    made[0].state, made[0].results = "skipped", RESULTS
    made[1].state, made[1].results, made[1].seconds = "finished", RESULTS, 12.0
    made[2].state, made[2].reason, made[2].seconds = "failed", "exit status 1\n[red]boom[/red]", 7.0
    return made


def shown(jobs, *, act, terminal):
    file = io.StringIO()
    console = PlainConsole(file=file, width=110, force_terminal=terminal, color_system=None)
    with SweepDisplay(jobs, console=console) as display:
        act(display)
    return file.getvalue()


def test_off_a_terminal_there_is_one_line_a_start_and_one_an_end(jobs):
    def act(display):
        jobs[1].attempts = 1
        display.started(jobs[1])
        display.refresh(now=True)
        display.ended(jobs[1])
        display.ended(jobs[2])

    assert shown(jobs, act=act, terminal=False).splitlines() == [
        "[2/4] started  seed=1",
        "[2/4] finished  seed=1  12 s  val 71.52  test 57.67",
        "[3/4] failed  seed=2  7 s  exit status 1",
    ]


def test_on_a_terminal_what_runs_stays_in_view(jobs):
    running = jobs[3]

    def act(display):
        running.state, running.attempts = "running", 1
        display.started(running)
        running.folder.mkdir(parents=True)
        rows = [{"epoch": epoch, "epochs": 5, "step": epoch, "seconds": 1000.0 * epoch} for epoch in range(3)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (running.folder / "timing.jsonl").write_text(lines, encoding="utf-8")
        display.refresh(now=True)

    began = time.monotonic()
    text = shown(jobs, act=act, terminal=True)
    assert time.monotonic() - began < 5
    assert "job 4 of 4" in text
    assert "starting" in text
    assert "epoch 3/5" in text
    assert "3 of 4 jobs ended, about 12 s left" in text  # no row yet: as long as the job that has finished
    assert "3 of 4 jobs ended, about 50:00 left" in text


def test_the_outcome_lists_every_job_and_then_the_reasons(jobs):
    file = io.StringIO()
    print_outcome(jobs, console=PlainConsole(file=file, width=110, color_system=None))
    lines = [line.split() for line in file.getvalue().splitlines() if line.strip()]
    assert lines[0] == ["job", "overrides", "state", "val", "test", "time"]
    assert lines[1] == ["1", "seed=0", "skipped", "71.52", "57.67", "1:23"]
    assert lines[2] == ["2", "seed=1", "finished", "71.52", "57.67", "12", "s"]
    assert lines[3] == ["3", "seed=2", "failed", "-", "-", "7", "s"]
    assert file.getvalue().endswith(
        f"job 3 failed: seed=2\n  exit status 1\n    [red]boom[/red]\n  log: {jobs[2].log}\n"
    )


def test_a_job_of_hostile_texts_is_shown_and_not_obeyed(jobs):
    job = jobs[2]
    job.label, job.reason = "seed=[/]\x1b[2J", "exit status 1\n\x1b]0;x\x07[/]"
    job.folder.mkdir(parents=True)

    def act(display):
        display.started(job)
        display.ended(job)
        print_outcome(jobs, console=display.console)

    text = shown(jobs, act=act, terminal=False)
    assert text.splitlines()[1] == r"[3/4] failed  seed=[/]\x1b[2J  7 s  exit status 1"
    assert "job 3 failed: seed=[/]\\x1b[2J\n  exit status 1\n    \\x1b]0;x\\x07[/]\n" in text
    assert "\x1b" not in text
