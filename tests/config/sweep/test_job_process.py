import os
import subprocess
import sys

from avqa_lit.config.sweep.guard import Guard
from avqa_lit.config.sweep.job_process import JobProcess, job_environment


def test_no_rank_variable_reaches_a_job():
    names = (
        "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR",
        "MASTER_PORT", "PL_GLOBAL_SEED", "TORCHELASTIC_RUN_ID", "ROLE_RANK", "SLURM_NTASKS",
    )  # fmt: skip
    ranks = dict.fromkeys(names, "1")
    kept = job_environment({**ranks, "PATH": "/bin", "OMP_NUM_THREADS": "1"}, gpus=[])
    assert set(kept) == {"PATH", "OMP_NUM_THREADS", "PYTHONPATH"}


def test_a_job_sees_its_own_gpus_only():
    assert (
        job_environment({"CUDA_VISIBLE_DEVICES": "0,1,2"}, gpus=["1", "2"])["CUDA_VISIBLE_DEVICES"] == "1,2"
    )
    assert job_environment({"CUDA_VISIBLE_DEVICES": "0"}, gpus=[])["CUDA_VISIBLE_DEVICES"] == "0"


def test_a_job_imports_what_the_driver_imports(monkeypatch, tmp_path):
    (tmp_path / "mylab").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "mylab")
    monkeypatch.chdir(tmp_path)
    sys.path.insert(1, "relative")
    (tmp_path / "relative").mkdir()
    answer = subprocess.run(
        [sys.executable, "-P", "-c", "import sys; print('\\n'.join(sys.path))"],
        env=job_environment(os.environ, gpus=[]),
        capture_output=True,
        text=True,
        check=True,
    )
    sys.path.remove("relative")
    lines = answer.stdout.splitlines()
    assert lines[:2] == [str(tmp_path / "mylab"), str(tmp_path / "relative")]
    assert len(lines) == len(set(lines))


def test_the_reason_holds_the_last_lines_of_this_attempt_only(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("an earlier attempt\n", encoding="utf-8")
    code = "print('x' * 500); print(); [print(f'line {n}') for n in range(30)]"
    with Guard(grace=0.2) as guard:
        process = JobProcess([sys.executable, "-c", code], log=log, environment=os.environ, guard=guard)
        while process.poll() is None:
            pass
    assert process.last_lines(count=3) == ["line 27", "line 28", "line 29"]
    assert process.last_lines(count=100, width=5)[:2] == ["xxxxx", "line "]
    assert log.read_text("utf-8").startswith("an earlier attempt\n$ ")
