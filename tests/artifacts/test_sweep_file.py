import json

import pytest

from avqa_lit.artifacts.sweep_file import JobEntry, Sweep, read_sweep, sweep_path, write_sweep
from avqa_lit.errors import DataError


def entry(key, state="finished", **more):
    return JobEntry(key=key, overrides=(f"seed={key}",), state=state, folder=key, **more)


def sweep(*jobs):
    return Sweep(experiment="kl_sweep", command="python -m avqa_lit.train +experiment=kl_sweep", jobs=jobs)


def test_a_sweep_reads_back_as_it_was_written(tmp_path):
    written = sweep(entry("aa"), entry("bb", "failed", reason="exit status 1\nboom", log="bb/job.log"))
    write_sweep(tmp_path, written)
    assert read_sweep(tmp_path) == written


def test_the_file_holds_the_keys_of_the_contract(tmp_path):
    write_sweep(tmp_path, sweep(entry("aa")))
    written = json.loads(sweep_path(tmp_path).read_text("utf-8"))
    assert written == {
        "schema": 1,
        "experiment": "kl_sweep",
        "command": "python -m avqa_lit.train +experiment=kl_sweep",
        "jobs": [
            {
                "key": "aa",
                "overrides": ["seed=aa"],
                "state": "finished",
                "folder": "aa",
                "reason": None,
                "log": None,
            }
        ],
    }


def test_jobs_of_an_earlier_grid_only_are_superseded_and_do_not_count():
    earlier = sweep(entry("aa"), entry("bb"))
    now = sweep(entry("bb", "waiting"), entry("cc", "waiting")).superseding(earlier)
    assert [(job.key, job.state) for job in now.jobs] == [
        ("bb", "waiting"),
        ("cc", "waiting"),
        ("aa", "superseded"),
    ]
    assert [job.key for job in now.present] == ["bb", "cc"]


def test_a_superseded_job_that_comes_back_is_present_again():
    earlier = sweep(entry("bb")).superseding(sweep(entry("aa")))
    now = sweep(entry("aa", "skipped")).superseding(earlier)
    assert [(job.key, job.state) for job in now.jobs] == [("aa", "skipped"), ("bb", "superseded")]


def test_a_first_sweep_supersedes_nothing():
    assert sweep(entry("aa")).superseding(None) == sweep(entry("aa"))


def test_skipped_jobs_count_as_finished():
    assert [
        state for state in ("finished", "skipped", "failed", "waiting") if entry("aa", state).finished
    ] == [
        "finished",
        "skipped",
    ]


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"expected the folder of a sweep, which holds sweep\.json; found none"
    ):
        read_sweep(tmp_path)


def of_job(content=None, **changes):
    """A sweep.json of one job with changes, or of a job that is this."""
    job = {"key": "aa", "overrides": [], "state": "finished", "folder": "aa"} | changes
    jobs = [job if content is None else content]
    return json.dumps({"schema": 1, "experiment": "e", "command": "c", "jobs": jobs})


def test_what_a_newer_version_adds_to_a_job_is_left_out(tmp_path):
    sweep_path(tmp_path).write_text(of_job(node="n7"), encoding="utf-8")
    assert read_sweep(tmp_path).jobs[0] == JobEntry("aa", (), "finished", "aa")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"sweep.json: expected JSON \(EOF .* line 1 column 1\); delete it and start the sweep again"),
        ("[]", r"the content: expected an object, found \[\]; delete it"),
        ('{"schema": 1, "jobs": []}', "experiment is missing"),
        (of_job({"key": "aa"}), "jobs.0.overrides is missing"),
        (of_job(folder=-1), "jobs.0.folder: expected a valid string, found -1"),
        (
            of_job(folder="\0"),
            r"jobs.0.folder: expected a path inside the folder of the sweep, found '\\x00'",
        ),
        (
            of_job(folder="/etc"),
            "jobs.0.folder: expected a path inside the folder of the sweep, found '/etc'",
        ),
        (of_job(folder="../../etc"), "jobs.0.folder: expected a path inside the folder of the sweep"),
        (of_job(folder=""), "jobs.0.folder: expected a path inside the folder of the sweep"),
        (of_job(folder="a" * 300), "jobs.0.folder: expected a path that a file can have, found 'aaa"),
        (of_job(log=1), "jobs.0.log: expected a valid string, found 1"),
        (of_job(log="../log"), "jobs.0.log: expected a path inside the folder of the sweep"),
        (of_job(overrides=[1.5]), "jobs.0.overrides.0: expected a valid string, found 1.5"),
        (of_job(key="\ud800"), "sweep.json: expected JSON .* hex escape"),
        ('{"schema": 2}', "schema 2, expected 1"),
    ],
)
def test_a_file_that_cannot_be_a_sweep_is_refused(tmp_path, text, message):
    sweep_path(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_sweep(tmp_path)


def test_an_unknown_state_is_refused(tmp_path):
    write_sweep(tmp_path, sweep(entry("aa", "lost")))
    with pytest.raises(DataError, match=r"jobs.0.state: expected one of waiting, running, .*, found 'lost'"):
        read_sweep(tmp_path)
