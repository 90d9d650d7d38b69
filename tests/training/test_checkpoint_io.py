import resource

import pytest
import torch

from avqa_lit.errors import WriteError
from avqa_lit.training.checkpoint_io import AtomicCheckpointIO


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError("no space left")


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    io = AtomicCheckpointIO()
    io.save_checkpoint({"epoch": 3}, path)
    with pytest.raises(RuntimeError, match="no space left"):
        io.save_checkpoint({"epoch": 4, "bad": Unpicklable()}, path)
    assert io.load_checkpoint(path) == {"epoch": 3}
    assert list(tmp_path.iterdir()) == [path]


def test_objects_are_not_unpickled(tmp_path):
    torch.save({"epoch": 3, "code": test_objects_are_not_unpickled}, tmp_path / "a.ckpt")
    with pytest.raises(Exception, match="Weights only load failed"):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "a.ckpt")


def test_a_full_disk_leaves_the_old_checkpoint_and_names_the_file(tmp_path):
    path = tmp_path / "last.ckpt"
    io = AtomicCheckpointIO()
    io.save_checkpoint({"epoch": 3}, path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(WriteError, match=r"last\.ckpt: cannot be written \(File too large\)\. Make room"):
            io.save_checkpoint({"epoch": 4, "weights": torch.zeros(10_007)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert io.load_checkpoint(path) == {"epoch": 3}
    assert list(tmp_path.iterdir()) == [path]
