"""Two hosts that share the data folder and nothing else train like one machine with two processes.

The hosts are network namespaces of this machine, with file systems of which neither sees the other's run
folder; where namespaces are not permitted, two rendezvous hosts on the loopback address. GPUs, NCCL and a
second real machine were not available to the tests.
"""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from avqa_lit.artifacts.run_folder import read_run

pytestmark = pytest.mark.slow

HIDE = 'mount -t tmpfs none "$0" && exec "$@"'  # from this host only


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def hosts():
    """For each of two hosts its address, and what starts a program there which cannot see a folder."""
    with ExitStack() as clean_up:
        try:
            yield _namespaces(clean_up)
        except (OSError, subprocess.CalledProcessError):
            yield [("127.0.0.1", lambda hidden: [], None)] * 2


def _namespaces(clean_up):
    names = [f"avqa-{os.getpid()}-{side}" for side in "ab"]
    links = [f"av{os.getpid()}{side}" for side in "ab"]
    for name in names:
        ip("netns", "add", name)
        clean_up.callback(ip, "netns", "delete", name)
    ip("link", "add", links[0], "netns", names[0], "type", "veth", "peer", links[1], "netns", names[1])
    made = []
    for number, (name, link) in enumerate(zip(names, links, strict=True), start=1):
        ip("-n", name, "address", "add", f"10.97.31.{number}/24", "dev", link)
        for device in ("lo", link):
            ip("-n", name, "link", "set", device, "up")
        enter = ["ip", "netns", "exec", name, "unshare", "--mount", "sh", "-c", HIDE]
        subprocess.run([*enter, "/mnt", "true"], check=True, capture_output=True)
        made.append((f"10.97.31.{number}", lambda hidden, enter=enter: [*enter, str(hidden)], link))
    return made


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_two_hosts_count_like_one_machine(train, raw, hosts, tmp_path, small):
    folders = [tmp_path / f"host{number}" for number in (0, 1)]
    meeting = f"{hosts[0][0]}:{free_port()}"
    running = []
    for number, ((address, enter, link), folder) in enumerate(zip(hosts, folders, strict=True)):
        folder.mkdir()
        command = [
            *enter(folders[1 - number]), sys.executable, "-m", "torch.distributed.run", "--nnodes=2",
            "--nproc-per-node=1", f"--node-rank={number}", "--rdzv-backend=c10d", "--rdzv-id=avqa",
            f"--rdzv-endpoint={meeting}", f"--rdzv-conf=is_host={number == 0}", f"--local-addr={address}",
            "-m", "avqa_lit.train", *small,
            "trainer=ddp_cpu", "trainer.devices=1", "trainer.num_nodes=2", "trainer.threads=1",
            f"data.raw={raw}", f"hydra.run.dir={folder / 'run'}", f"paths.cache={folder / 'cache'}",
        ]  # fmt: skip
        named = {"HOME": str(folder), "OMP_NUM_THREADS": "1"} | ({"GLOO_SOCKET_IFNAME": link} if link else {})
        running.append(
            subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **named},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    try:
        told = [one.communicate(timeout=300)[0] for one in running]
    finally:
        for one in running:
            one.kill()
    assert [one.returncode for one in running] == [0, 0], "\n".join(told)
    together = read_run(folders[0] / "run").results
    assert not (folders[1] / "run" / "results.json").exists()

    train("trainer=ddp_cpu", "trainer.threads=1", f"hydra.run.dir={tmp_path / 'alone'}")
    alone = read_run(tmp_path / "alone").results
    assert together.world_size == alone.world_size == 2
    assert together.counts == alone.counts
    assert read_run(folders[0] / "run").metrics == read_run(tmp_path / "alone").metrics
