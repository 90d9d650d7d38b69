import resource

import pytest
import torch

from avqa_lit.errors import WriteError
from avqa_lit.training.checkpoint_io import AtomicCheckpointIO, UnreadableCheckpointError, read_checkpoint


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


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"epoch": 3, "weights": torch.arange(7.0)}, path)
    whole = path.read_bytes()
    for place in [*range(0, len(whole) - 82, 3), *range(len(whole) - 82, len(whole) - 80)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(UnreadableCheckpointError, match=r"last\.ckpt: is damaged"):
            read_checkpoint(path)


def test_a_flipped_bit_of_a_checkpoint_without_a_seal_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"epoch": 3, "weights": torch.arange(7.0)}, path)
    whole = path.read_bytes()
    noticed = 0
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            content = read_checkpoint(path)
        except UnreadableCheckpointError:
            noticed += 1
        else:  # in the padding between the records, say, or in the date of one
            assert content["epoch"] == 3
            assert content["weights"].tolist() == list(range(7))
    assert noticed > 150


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_checkpoint_that_is_cut_short_is_refused(tmp_path, share):
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"epoch": 3, "weights": torch.zeros(7)}, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UnreadableCheckpointError, match=r"last\.ckpt: (is damaged|cannot be read)"):
        read_checkpoint(path)


def test_weights_in_the_format_of_old_versions_of_torch_are_read(tmp_path):
    torch.save({"weight": torch.arange(5)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    assert read_checkpoint(tmp_path / "a.pt")["weight"].tolist() == list(range(5))


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
