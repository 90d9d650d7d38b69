import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from avqa_lit.data.build import build_store, is_current
from avqa_lit.data.feature_files import Extraction, FeatureArrays
from avqa_lit.data.pack import write_store
from avqa_lit.errors import DataError, WriteError

REMEDY = "name another folder with data.store=DIR"


@pytest.fixture
def write(question):
    """Writes a small store, and keeps count."""

    def of(fingerprint, value=1.0):
        def fill(folder):
            fill.calls += 1
            source = FeatureArrays(Extraction("e"), {"v0": np.full((3, 2), value)})
            write_store(
                folder, questions={"train": [question()]}, tracks={"audio": source, "visual": source},
                dtype="float32", fingerprint=fingerprint,
            )  # fmt: skip

        fill.calls = 0
        return fill

    return of


def test_a_store_is_built_once(tmp_path, write):
    fill = write("one")
    first = build_store(tmp_path / "deep/store", remedy=REMEDY, fingerprint="one", write=fill)
    again = build_store(tmp_path / "deep/store", remedy=REMEDY, fingerprint="one", write=fill)
    assert fill.calls == 1
    assert first.checksum == again.checksum


def test_another_fingerprint_builds_anew(tmp_path, write):
    first = build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one"))
    second = build_store(tmp_path / "store", remedy=REMEDY, fingerprint="two", write=write("two", value=2.0))
    assert first.checksum != second.checksum
    assert first.tracks["audio"].gather(np.array([0])).values.max() == 1  # an open store stays what it was
    assert {path.name for path in tmp_path.iterdir()} == {"store", ".store.lock"}


def test_a_failed_build_leaves_the_old_store(tmp_path, write):
    first = build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one"))

    def fail(folder):
        (folder / "audio.npy").write_bytes(b"half")
        raise DataError("broken feature")

    with pytest.raises(DataError, match="broken feature"):
        build_store(tmp_path / "store", remedy=REMEDY, fingerprint="two", write=fail)
    assert is_current(first.path, "one")
    assert {path.name for path in tmp_path.iterdir()} == {"store", ".store.lock"}


def test_what_a_killed_build_left_is_swept_away(tmp_path, write):
    (tmp_path / ".store.77.new.tmp").mkdir()
    build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one"))
    assert {path.name for path in tmp_path.iterdir()} == {"store", ".store.lock"}


def test_a_damaged_store_is_built_anew(tmp_path, write):
    store = build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one"))
    (store.path / "store.json").write_text("{")
    assert not is_current(store.path, "one")
    assert (
        build_store(store.path, remedy=REMEDY, fingerprint="one", write=write("one")).checksum
        == store.checksum
    )


def test_a_store_with_a_flipped_bit_is_built_anew_with_a_line_that_says_so(tmp_path, write, caplog):
    store = build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one"))
    content = bytearray((store.path / "visual.npy").read_bytes())
    content[-1] ^= 1
    (store.path / "visual.npy").write_bytes(content)
    again = build_store(store.path, remedy=REMEDY, fingerprint="one", write=write("one"))
    assert again.checksum == store.checksum
    assert again.tracks["visual"].array.min() == 1
    assert "visual.npy: its SHA-256 is not" in caplog.text
    assert "changed or damaged; the store is built again" in caplog.text


def test_an_empty_folder_is_used(tmp_path, write):
    (tmp_path / "store").mkdir()
    assert (
        build_store(tmp_path / "store", remedy=REMEDY, fingerprint="one", write=write("one")).path
        == tmp_path / "store"
    )


def test_somebody_elses_folder_is_left_alone(tmp_path, write):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(
        DataError, match="holds something else than a store, and is left alone; name a new folder"
    ):
        build_store(tmp_path, remedy=REMEDY, fingerprint="one", write=write("one"))
    assert (tmp_path / "thesis.tex").read_text() == "dear"


def test_a_place_that_cannot_be_written_is_named(tmp_path, write):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"store: cannot be written .*data.store=DIR"):
        build_store(tmp_path / "file/store", remedy=REMEDY, fingerprint="one", write=write("one"))


CHILD = """
import sys, time
from pathlib import Path
import numpy as np
from avqa_lit.data.annotations import Question
from avqa_lit.data.build import build_store
from avqa_lit.data.feature_files import Extraction, FeatureArrays
from avqa_lit.data.pack import write_store

def write(folder):
    print("building", flush=True)
    time.sleep(float(sys.argv[2]))
    source = FeatureArrays(Extraction("e"), {"v": np.ones((3, 2))})
    question = Question(0, None, "v", "v", 0, "Is it?", "Is it?", "yes")
    write_store(folder, questions={"train": [question]}, tracks={"audio": source, "visual": source},
                dtype="float32", fingerprint="one")

print(build_store(Path(sys.argv[1]), remedy="name another folder", fingerprint="one", write=write).checksum)
"""


def _start(path, seconds):
    command = [sys.executable, "-c", CHILD, str(path), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_build_once(tmp_path):
    children = [_start(tmp_path / "store", 2), _start(tmp_path / "store", 2)]
    outputs = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0]
    lines = [line for out, _ in outputs for line in out.split()]
    assert lines.count("building") == 1
    assert len(set(lines) - {"building"}) == 1
    assert sum("waiting for another process" in err for _, err in outputs) == 1


@pytest.mark.slow
def test_a_killed_build_leaves_nothing_that_looks_like_a_store(tmp_path):
    child = _start(tmp_path / "store", 600)
    assert child.stdout.readline() == "building\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert not (tmp_path / "store").exists()
    began = time.monotonic()
    second = _start(tmp_path / "store", 0)
    assert second.communicate(timeout=120)[0].startswith("building")
    assert time.monotonic() - began < 120
    assert {path.name for path in tmp_path.iterdir()} == {"store", ".store.lock"}


def test_a_name_with_an_asterisk_clears_nothing_away_beside_its_own(tmp_path, write):
    for name in (".store.1.new.tmp", ".s*.1.new.tmp"):
        (tmp_path / name).mkdir()
    build_store(tmp_path / "s*", remedy=REMEDY, fingerprint="one", write=write("one"))
    assert {path.name for path in tmp_path.iterdir()} == {"s*", ".s*.lock", ".store.1.new.tmp"}
