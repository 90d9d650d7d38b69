import h5py
import numpy as np
import pytest
import torch

from avqa_lit.data.array_formats import FORMATS, open_arrays
from avqa_lit.errors import DataError, MissingExtraError


def values(shape=(5, 7), dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.fixture
def write(tmp_path):
    """Writes arrays by the library that owns each format; returns the path of the file."""

    def to(ending, arrays):
        path = tmp_path / f"file{ending}"
        if ending == ".npz":
            np.savez(path, **arrays)
        elif ending in (".h5", ".hdf5"):
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    file[name] = array
        else:
            torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path)
        return path

    return to


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("ending", [".npz", ".h5", ".hdf5", ".pt", ".pth"])
def test_arrays_of_every_format_keep_their_names_shapes_and_numbers(write, ending, dtype):
    arrays = {"b": values((5, 7), dtype), "a": values((2, 3, 4), dtype, seed=1)}
    found = open_arrays(write(ending, arrays), kind="file")
    assert sorted(found.names) == ["a", "b"]
    for name, array in arrays.items():
        assert found.header(name) == (array.shape, array.dtype)
        np.testing.assert_array_equal(found.read(name), array, strict=True)


def test_one_array_of_npy_and_one_tensor_of_pt_have_no_name(tmp_path):
    np.save(tmp_path / "a.npy", values())
    torch.save(torch.from_numpy(values()), tmp_path / "a.pt")
    for ending in (".npy", ".pt"):
        found = open_arrays(tmp_path / f"a{ending}", kind="file")
        assert tuple(found.names) == ("",)
        np.testing.assert_array_equal(found.read(""), values())


def test_data_sets_in_groups_are_named_by_their_path(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v1/audio"] = values()
    assert tuple(open_arrays(tmp_path / "a.h5", kind="file").names) == ("v1/audio",)


def test_a_data_set_of_two_names_has_both_and_a_group_in_itself_is_read_once(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v1"] = values()
        file["v2"] = file["v1"]  # a hard link
        file["group/v3"] = values()
        file["group/again"] = file["group"]
    assert sorted(open_arrays(tmp_path / "a.h5", kind="file").names) == ["group/v3", "v1", "v2"]


def test_compressed_files_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", v=values())
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", data=values(), compression="gzip")
    for ending in (".npz", ".h5"):
        np.testing.assert_array_equal(open_arrays(tmp_path / f"a{ending}", kind="file").read("v"), values())


def test_bfloat16_is_read_as_float32(tmp_path):
    tensor = torch.from_numpy(values()).bfloat16()
    torch.save(tensor, tmp_path / "a.pt")
    found = open_arrays(tmp_path / "a.pt", kind="file")
    assert found.header("").dtype == np.float32
    np.testing.assert_array_equal(found.read(""), tensor.float().numpy())


def test_tensors_of_the_older_format_of_torch_are_read(tmp_path):
    torch.save(torch.from_numpy(values()), tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(open_arrays(tmp_path / "a.pt", kind="file").read(""), values())


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_that_is_not_there_and_one_that_is_none_are_refused(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    with pytest.raises(DataError, match=rf"a{ending}: no such feature file"):
        open_arrays(path, kind="feature file").header("")
    path.write_bytes(b"no array at all, and long enough to be one")
    with pytest.raises(DataError, match=rf"a{ending}: (expected|cannot be read)"):
        open_arrays(path, kind="feature file").header("")


@pytest.mark.parametrize("ending", [".npz", ".h5", ".pt"])
def test_a_file_that_is_cut_short_is_refused(write, ending):
    path = write(ending, {"v": values((50, 70))})
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(DataError, match=rf"file{ending}"):
        open_arrays(path, kind="file").read("v")


class Explodes:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def test_pickled_objects_are_never_loaded(tmp_path):
    torch.save({"v": Explodes()}, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"expected a tensor, found pickled objects, which are never loaded"):
        open_arrays(tmp_path / "a.pt", kind="file")


@pytest.mark.parametrize("saved, kind", [([1.0, 2.0], "list"), (3.5, "float")])
def test_what_is_no_tensor_is_refused(tmp_path, saved, kind):
    torch.save(saved, tmp_path / "a.pt")
    with pytest.raises(DataError, match=rf"a.pt: holds a {kind}, expected a tensor"):
        open_arrays(tmp_path / "a.pt", kind="file")


@pytest.mark.parametrize(
    "tensor",
    [torch.ones(1).expand(10**12), torch.eye(3).to_sparse()],
    ids=["numbers that are repeated", "sparse"],
)
def test_a_tensor_without_numbers_of_its_own_for_every_place_is_refused(tmp_path, tensor):
    torch.save(tensor, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"a.pt: holds fewer numbers than its shape .*contiguous"):
        open_arrays(tmp_path / "a.pt", kind="file").header("")


def test_numbers_that_lie_in_other_files_are_not_read(tmp_path):
    (tmp_path / "secret").write_bytes(values().tobytes())
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", (5, 7), "f4", external=[(str(tmp_path / "secret"), 0, 140)])
        file["elsewhere"] = h5py.ExternalLink(str(tmp_path / "b.h5"), "v")
        virtual = h5py.VirtualLayout((5, 7), "f4")
        virtual[:] = h5py.VirtualSource(str(tmp_path / "b.h5"), "v", (5, 7))
        file.create_virtual_dataset("w", virtual)
    found = open_arrays(tmp_path / "a.h5", kind="file")
    assert sorted(found.names) == ["v", "w"]
    for name in found.names:
        with pytest.raises(DataError, match=rf"a.h5, {name}: its numbers lie in other files"):
            found.read(name)


def test_a_data_set_that_is_far_larger_than_its_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("v", (10**9, 512), "f4", chunks=(1000, 512))
    with pytest.raises(DataError, match=r"a.h5, v: 2,048,000,000,000 bytes, which is too many for a file"):
        open_arrays(tmp_path / "a.h5", kind="file").header("v")


def test_texts_are_no_features(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v"] = "text"
    with pytest.raises(DataError, match=r"a.h5, v: expected numbers, found object"):
        open_arrays(tmp_path / "a.h5", kind="file").read("v")


def test_hdf5_without_its_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"a.h5: reading HDF5 files .*pip install 'avqa_lit\[hdf5\]'"):
        open_arrays(tmp_path / "a.h5", kind="file")
