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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not the file of a sweep .*JSONDecodeError.* delete it"),
        ("[]", "not the file of a sweep .*TypeError"),
        ('{"schema": 1, "jobs": [{"key": "aa"}]}', "not the file of a sweep .*KeyError.*overrides"),
        ('{"schema": 2}', "schema 2, expected 1"),
    ],
)
def test_a_file_that_cannot_be_a_sweep_is_refused(tmp_path, text, message):
    sweep_path(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_sweep(tmp_path)


def test_an_unknown_state_is_refused(tmp_path):
    write_sweep(tmp_path, sweep(entry("aa", "lost")))
    with pytest.raises(DataError, match="job aa has state 'lost', expected one of waiting, running"):
        read_sweep(tmp_path)
