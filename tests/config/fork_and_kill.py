"""Trains again and again in forks of one process that has imported everything, and kills them on the way.

Reads a JSON list of attempts from stdin and prints a list of exit statuses for each:
``{"overrides": [...], "processes": 2, "kill": {"rank": 0, "call": "package.module.Class.method", "number": 3,
"signal": 9}}`` sends the signal just before the third call of the method in that process.
"""

import functools
import importlib
import json
import os
import signal
import socket
import sys
import traceback

import lightning.pytorch.utilities as lightning_utilities
import torch

import avqa_lit.config.training_run  # noqa: F401 - imported before the forks
from avqa_lit.train import main


def kill_before(call, number, signum):
    """Wrap a function so that this process gets a signal before its call with this number."""
    module, names = call, []
    while True:
        try:
            owner = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, name = module.rpartition(".")
            names.insert(0, name)
    for name in names[:-1]:
        owner = getattr(owner, name)
    original = getattr(owner, names[-1])
    calls = 0

    @functools.wraps(original)
    def wrapped(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signum)
        return original(*args, **kwargs)

    setattr(owner, names[-1], wrapped)


def train(attempt, rank, port):
    processes, kill = attempt["processes"], attempt.get("kill")
    if processes > 1:
        os.environ |= {
            "LOCAL_RANK": str(rank), "NODE_RANK": "0", "WORLD_SIZE": str(processes),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        }  # fmt: skip
        lightning_utilities.rank_zero_only.rank = rank
    if kill is not None and kill["rank"] == rank:
        kill_before(kill["call"], kill["number"], kill["signal"])
    sys.argv = ["train", *attempt["overrides"]]
    sys.stdout = sys.stderr
    main()


def fork(attempt, rank, port):
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        train(attempt, rank, port)
        status = 0
    except SystemExit as error:
        status = error.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def run(attempt):
    """Exit status of each process; where one is killed, the others are too, as when a machine goes down."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    ranks = {fork(attempt, rank, port): rank for rank in range(attempt["processes"])}
    statuses = {}
    while len(statuses) < len(ranks):
        child, status = os.waitpid(-1, 0)
        statuses[child] = os.waitstatus_to_exitcode(status)
        if statuses[child] == -signal.SIGKILL:
            for other in ranks.keys() - statuses.keys():
                os.kill(other, signal.SIGKILL)
    return [statuses[child] for child in ranks]


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps([run(attempt) for attempt in json.load(sys.stdin)]))
