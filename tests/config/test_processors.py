"""Processors and threads on machines whose /proc and /sys are written by hand."""

import os

import pytest

from avqa_lit.config.processors import usable_processors, usable_threads

V2 = "30 24 0:26 {base} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "33 31 0:30 {base} /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 {base} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
)


@pytest.fixture
def machine(tmp_path):
    """Writes what the system tells of control groups; gives the folder that stands for its root."""

    def write(*, cgroup, mountinfo, files):
        about = tmp_path / "proc" / "self"
        about.mkdir(parents=True)
        (about / "cgroup").write_text(cgroup)
        (about / "mountinfo").write_text(mountinfo)
        for name, text in files.items():
            file = tmp_path / "sys/fs/cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("group", "base", "files", "quota"),
    [
        # A container with a namespace of its own sees its group as the root.
        ("/", "/", {"cpu.max": "200000 100000\n"}, "2 processors"),
        # Without one, it mounts its group, and the path is that of the host.
        ("/docker/abc", "/docker/abc", {"cpu.max": "200000 100000\n"}, "2 processors"),
        # On the host, any of the groups around the process may be limited.
        (
            "/user.slice/a.slice/b.scope",
            "/",
            {
                "user.slice/cpu.max": "250000 100000",
                "user.slice/a.slice/cpu.max": "700000 100000",
                "user.slice/a.slice/b.scope/cpu.max": "max 100000",
                "other.slice/cpu.max": "100000 100000",
            },
            "2.5 processors",
        ),
        ("/../sibling", "/", {"cpu.max": "50000 25000"}, "2 processors"),
    ],
)
def test_the_quota_of_a_container_limits_the_processors(machine, group, base, files, quota):
    root = machine(cgroup=f"0::{group}\n", mountinfo=V2.format(base=base), files=files)
    found = usable_processors({}, root=root, affinity=64)
    assert (found.count, found.reason) == (2, f"the container's quota is {quota}")


@pytest.mark.parametrize(
    ("group", "base", "folder"), [("/docker/abc", "/docker/abc", ""), ("/batch/7", "/", "batch/7/")]
)
def test_the_quota_of_the_first_version_of_control_groups_limits_the_processors(machine, group, base, folder):
    files = {
        f"cpu,cpuacct/{folder}cpu.cfs_quota_us": "300000\n",
        f"cpu,cpuacct/{folder}cpu.cfs_period_us": "100000\n",
    }
    cgroup = f"7:memory:{group}\n4:cpu,cpuacct:{group}\n0::/\n"
    root = machine(cgroup=cgroup, mountinfo=V1.format(base=base), files=files)
    found = usable_processors({}, root=root, affinity=64)
    assert (found.count, found.reason) == (3, "the container's quota is 3 processors")


def test_a_part_of_a_processor_is_one_processor(machine):
    root = machine(cgroup="0::/\n", mountinfo=V2.format(base="/"), files={"cpu.max": "50000 100000"})
    found = usable_processors({}, root=root, affinity=8)
    assert (found.count, found.reason) == (1, "the container's quota is 0.5 processors")


@pytest.mark.parametrize(
    ("version", "files"),
    [
        (V2, {"cpu.max": "max 100000\n"}),
        (V2, {"cpu.max": "nonsense"}),
        (V2, {}),
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"}),
    ],
)
def test_without_a_quota_the_processors_are_those_that_the_process_may_run_on(machine, version, files):
    root = machine(cgroup="4:cpu,cpuacct:/\n0::/\n", mountinfo=version.format(base="/"), files=files)
    found = usable_processors({}, root=root, affinity=7)
    assert (found.count, found.reason) == (7, "this process may run on 7 processors")


def test_a_system_without_control_groups_has_no_quota(tmp_path):
    assert usable_processors({}, root=tmp_path, affinity=5).count == 5


def test_what_slurm_granted_limits_the_processors_and_the_number_of_openmp_threads_does_not(tmp_path):
    environment = {"SLURM_CPUS_PER_TASK": "3", "OMP_NUM_THREADS": "2"}
    found = usable_processors(environment, root=tmp_path, affinity=64)
    assert (found.count, found.reason) == (3, "SLURM_CPUS_PER_TASK=3")


@pytest.mark.parametrize(
    ("environment", "processes", "expected"),
    [
        ({}, 1, (12, "this process may run on 12 processors")),
        ({}, 5, (2, "this process may run on 12 processors, shared by 5 processes")),
        ({}, 13, (1, "this process may run on 12 processors, shared by 13 processes")),
        ({"OMP_NUM_THREADS": "3"}, 1, (3, "OMP_NUM_THREADS=3")),
        ({"OMP_NUM_THREADS": "3"}, 5, (2, "this process may run on 12 processors, shared by 5 processes")),
        ({"OMP_NUM_THREADS": "4,2"}, 1, (4, "OMP_NUM_THREADS=4")),
        ({"OMP_NUM_THREADS": "64"}, 1, (12, "this process may run on 12 processors")),
        ({"OMP_NUM_THREADS": "many"}, 1, (12, "this process may run on 12 processors")),
        ({"SLURM_CPUS_PER_TASK": "8"}, 2, (4, "SLURM_CPUS_PER_TASK=8, shared by 2 processes")),
        ({"SLURM_CPUS_PER_TASK": "8", "SLURM_NTASKS": "2"}, 2, (8, "SLURM_CPUS_PER_TASK=8")),
        ({"SLURM_NTASKS": "2"}, 2, (6, "this process may run on 12 processors, shared by 2 processes")),
    ],
)
def test_threads_are_the_least_of_what_is_shared_and_what_is_stated(
    tmp_path, environment, processes, expected
):
    found = usable_threads(processes, environment, root=tmp_path, affinity=12)
    assert (found.count, found.reason) == expected


def test_this_machine_has_processors():
    found = usable_processors({})
    assert 1 <= found.count <= (os.cpu_count() or 1)
