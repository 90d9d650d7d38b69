"""Mutated files, seeded: each case is the same on every machine, and a failure names its number.

AVQA_FUZZ_CASES is the number of cases of each kind of file (200 if it is not set), AVQA_FUZZ_SEED their seed.
"""

import copy
import io
import json
import os
import random
import resource
import signal
import struct
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from avqa_lit.errors import UserError

CASES = int(os.environ.get("AVQA_FUZZ_CASES", "200"))
SEED = int(os.environ.get("AVQA_FUZZ_SEED", "0"))
SECONDS = 20  # of a processor
MEMORY = 2 << 30
LONGEST = 3000  # letters of a message
DEEP = json.loads("[" * 250 + "]" * 250)
VALUES = (
    None, True, False, -1, 0, 1, 2**31, 2**63, 10**29, -0.5, 1e308, float("nan"), float("inf"), "", " ",
    "yes", "[" * 5000, "(" * 5000, "-" * 5000, "\ud800", "\0", "..", ".", "a/../b", "/etc/passwd",
    "a" * 5000, "[/red]", "\x1b[2J", "=1+1", "<script>", [], {}, [[]], [1.5], ["yes"], {"": None},
    {"a": {"b": [1]}}, DEEP,
)  # fmt: skip
SHAPES = (
    (), (3,), (2, -4), (True, 4), (0, 4), (4, 0), (2, 3), (10**9, 10**6), (2**63,), (2**70, 0), (1,) * 40,
    "ab", None, [2, 3], (2.0, 3), ((2,), 3), (2, 3, 4, 5, 6),
)  # fmt: skip
DTYPES = ("<f4", ">f2", "<f8", "f", "O", "<i8", "<U4", "S3", "M8[s]", "", "x9", [("a", "<f4")], [], None, 7)


class Hung(BaseException):
    """A case took too long."""


@contextmanager
def bounded():
    """End what takes too long, and refuse memory beyond what such small files can need."""

    def end(number, frame):
        raise Hung

    before = signal.signal(signal.SIGPROF, end)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture
def survives():
    """Runs a reader on mutated files, each of which it reads or refuses in our words, within bounds."""

    def check(mutate, read, *, cases=CASES):
        read()  # what is not mutated is read
        refused = 0
        with bounded():
            for number in range(cases):
                mutate(random.Random(f"{SEED} {number}"))
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                problem = _problem(read, number)
                signal.setitimer(signal.ITIMER_PROF, 0)
                refused += problem is not None
        assert refused, "no case was refused: what is read is not what was mutated"

    return check


def _problem(read, number):
    """What a reader says of one case; None where it is content."""
    try:
        read()
    except UserError as error:
        if len(str(error)) > LONGEST:
            raise AssertionError(f"case {number}: a message of {len(str(error))} letters: {error}") from error
        return str(error)
    except (Exception, Hung) as error:
        raise AssertionError(f"case {number}: {type(error).__name__}: {str(error)[:300]}") from error
    return None


def _places(node, path=()):
    """Every place in nested lists and objects."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))


def _mutated_value(value, rng):
    """A copy with some values exchanged, removed, repeated or renamed."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        *path, last = rng.choice(list(_places(value))[1:] or [(None,)])
        if last is None:
            return copy.deepcopy(rng.choice(VALUES))
        parent = value
        for key in path:
            parent = parent[key]
        action = rng.choice(("set", "set", "set", "remove", "rename", "wrap"))
        if action == "set":
            parent[last] = copy.deepcopy(rng.choice(VALUES))
        elif action == "wrap":
            parent[last] = [parent[last]]
        elif action == "remove":
            del parent[last]
        elif isinstance(parent, dict):
            parent[rng.choice(("x", f"{last}x", "", "\ud800"))] = parent.pop(last)
        else:
            parent.insert(0, parent[last])
    return value


def _mutated_bytes(content, rng):
    """A copy with bits flipped, or with parts cut out, repeated or overwritten."""
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(content) + 1)
        action = rng.choice(("flip", "flip", "cut", "end", "insert", "repeat"))
        if action == "flip" and place < len(content):
            content[place] ^= 1 << rng.randrange(8)
        elif action == "cut":
            del content[place : place + rng.randrange(1, 40)]
        elif action == "end":
            del content[place:]
        elif action == "insert":
            content[place:place] = rng.choice(
                (b"\0", b"\xff", b"[", b"{", b'"', b"\n", b"-", b"9" * 30, b"\\ud800")
            )
        else:
            content[place:place] = content[place : place + rng.randrange(1, 40)]
    return bytes(content)


def _mutated_npy(rng):
    """A .npy file whose header says anything."""
    shape, descr = rng.choice(SHAPES), rng.choice(DTYPES)
    if rng.random() < 0.5:
        shape = (rng.randrange(5), rng.randrange(5))
    if rng.random() < 0.5:
        descr = "<f4"
    order = rng.choice((False, False, True, None, 3))
    text = f"{{'descr': {descr!r}, 'fortran_order': {order!r}, 'shape': {shape!r}, }}"
    if rng.random() < 0.2:
        text = _mutated_bytes(text.encode(), rng).decode("latin1")
    head = text.encode("latin1", "replace")[:60_000]
    version = rng.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9)))
    length = struct.pack("<I" if version[0] > 1 else "<H", len(head))
    values = np.array([rng.choice((0.5, 1e30, float("nan"), -3)) for _ in range(rng.randrange(30))], "<f4")
    return npy.MAGIC_PREFIX + bytes(version) + length + head + values.tobytes()


@pytest.fixture(scope="session")
def mutated_value():
    return _mutated_value


@pytest.fixture(scope="session")
def mutated_bytes():
    return _mutated_bytes


@pytest.fixture(scope="session")
def mutated_json():
    """Bytes of a mutated value of JSON, or mutated bytes of one."""

    def make(value, rng):
        if rng.random() < 0.25:
            return _mutated_bytes(json.dumps(value).encode(), rng)
        text = json.dumps(_mutated_value(value, rng))
        if rng.random() < 0.05:
            return text.encode("utf-16")
        return text.encode("utf-8-sig" if rng.random() < 0.05 else "utf-8")

    return make


@pytest.fixture(scope="session")
def mutated_npy():
    """Bytes of a .npy file, made of anything or mutated from an array."""

    def make(array, rng):
        if rng.random() < 0.5:
            return _mutated_npy(rng)
        file = io.BytesIO()
        np.save(file, array)
        return _mutated_bytes(file.getvalue(), rng)

    return make


@pytest.fixture(scope="session")
def mutated_npz(mutated_npy):
    """Bytes of a .npz file with some arrays exchanged, some missing, or some bytes mutated."""

    def make(arrays, rng):
        file = io.BytesIO()
        method = rng.choice(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
        )
        chosen = {rng.choice(list(arrays)) for _ in range(rng.choice((0, 1, 2)))}
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, array in arrays.items():
                if name in chosen and rng.random() < 0.2:
                    continue
                if name in chosen and rng.random() < 0.5:
                    exchanged = np.nan_to_num(rng.choice(list(arrays.values()))).astype(
                        rng.choice(("f4", "i8", "f2"))
                    )
                    with np.errstate(all="ignore"):
                        array = np.roll(exchanged, 1) * rng.choice((1, -1, 1000))
                content = io.BytesIO()
                np.save(content, array)
                archive.writestr(
                    f"{name}.npy",
                    mutated_npy(array, rng) if name in chosen and rng.random() < 0.5 else content.getvalue(),
                )
        content = file.getvalue()
        return _mutated_bytes(content, rng) if not chosen or rng.random() < 0.2 else content

    return make
