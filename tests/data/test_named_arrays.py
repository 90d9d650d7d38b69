import h5py
import numpy as np
import pytest
import torch

from avqa_lit.data.named_arrays import NamedArrays, suggested
from avqa_lit.errors import ConfigError, DataError

IDS = ("v1", "v10", "sa00006547")


def array_of(identity):
    return np.full((2, 3), float(len(identity)), np.float32)


@pytest.fixture
def named(tmp_path):
    """Arrays of `tmp_path` by a pattern."""

    def by(files, array=None, **options):
        return NamedArrays(tmp_path, files, array, key="data.audio", **options)

    return by


def assert_reads(arrays, *, absent="v2"):
    assert arrays.ids() == set(IDS)
    assert {"video_id": absent} not in arrays
    for identity in IDS:
        assert {"video_id": identity} in arrays
        assert arrays.header({"video_id": identity}).shape == (2, 3)
        np.testing.assert_array_equal(arrays.read({"video_id": identity}), array_of(identity))


@pytest.mark.parametrize("pattern", ["{video_id}.npy", "{video_id}_vggish.npy", "f-{video_id}.mp4.npy"])
def test_a_file_a_video_by_its_name(tmp_path, named, pattern):
    for identity in IDS:
        np.save(tmp_path / pattern.replace("{video_id}", identity), array_of(identity))
    (tmp_path / "README.txt").write_text("not features")
    arrays = named(pattern)
    assert_reads(arrays)
    assert len(arrays.entries()) == 3
    assert arrays.where({"video_id": "v1"}) == str(tmp_path / pattern.replace("{video_id}", "v1"))


@pytest.mark.parametrize("array", [None, "features"])
def test_an_archive_a_video_by_the_name_of_its_array(tmp_path, named, array):
    for identity in IDS:
        np.savez(tmp_path / f"{identity}.npz", features=array_of(identity))
    assert_reads(named("{video_id}.npz", array))


@pytest.mark.parametrize("array", ["{video_id}", "{video_id}/rgb"])
def test_all_videos_in_one_file(tmp_path, named, array):
    names = {identity: array.replace("{video_id}", identity) for identity in IDS}
    with h5py.File(tmp_path / "all.h5", "w") as file:
        for identity, name in names.items():
            file[name] = array_of(identity)
    np.savez(tmp_path / "all.npz", **{name: array_of(identity) for identity, name in names.items()})
    torch.save(
        {name: torch.from_numpy(array_of(identity)) for identity, name in names.items()}, tmp_path / "all.pt"
    )
    for ending in (".h5", ".npz", ".pt"):
        assert_reads(named(f"all{ending}", array))


def test_other_properties_of_a_question_may_name_arrays(tmp_path):
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["How many?"] = np.ones((1, 3))
    arrays = NamedArrays(tmp_path, "all.h5", "{text}", ("question_id", "text"), "question")
    np.testing.assert_array_equal(arrays.read({"text": "How many?", "question_id": "7"}), np.ones((1, 3)))


@pytest.mark.parametrize(
    "files, array, message",
    [
        (
            "{video_id}.mat",
            None,
            r"data.audio.files=\{video_id\}.mat: expected a file name that ends in .npy, .npz",
        ),
        ("a/{video_id}.npy", None, r"data.audio.files=a/\{video_id\}.npy: expected a file name"),
        ("{id}.npy", None, r"data.audio.files: \{id\} stands for nothing; expected \{video_id\}"),
        (
            "all.h5",
            None,
            r"data.audio.files=all.h5: one file for all; expected \{video_id\} in data.audio.array, .* null",
        ),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(named, files, array, message):
    with pytest.raises(ConfigError, match=message):
        named(files, array)


def test_an_array_that_is_not_there_is_told_with_those_that_are(tmp_path, named):
    np.savez(tmp_path / "v1.npz", rgb=np.ones(3), flow=np.ones(3))
    with pytest.raises(
        DataError,
        match=r"v1.npz: holds 2 arrays \(rgb, flow\), expected one; choose with data.audio.array=NAME",
    ):
        named("{video_id}.npz").read({"video_id": "v1"})
    with pytest.raises(
        DataError, match=r"v1.npz: holds no array depth but rgb, flow; choose with data.audio"
    ):
        named("{video_id}.npz", "depth").read({"video_id": "v1"})
    np.save(tmp_path / "v1.npy", np.ones(3))
    with pytest.raises(DataError, match=r"v1.npy: holds no array rgb but one array without a name"):
        named("{video_id}.npy", "rgb").read({"video_id": "v1"})


def test_one_file_for_all_that_is_not_there_is_told_with_what_the_folder_holds(tmp_path, named):
    np.savez(tmp_path / "every.npz", v1=np.ones(3))
    with pytest.raises(
        DataError,
        match=r"all.npz: no such feature file; .* holds every.npz; choose with data.audio.files",
    ):
        named("all.npz", "{video_id}").ids()


@pytest.mark.parametrize("value", ["../../etc/passwd", "a\0b", "x" * 300])
def test_a_value_that_names_no_file_is_refused(named, value):
    with pytest.raises(DataError, match=r"cannot be the name of a file"):
        named("{video_id}.npy").read({"video_id": value})


@pytest.mark.parametrize(
    "write, expected",
    [
        (
            lambda folder: [np.save(folder / f"{name}_vggish.npy", np.ones(1)) for name in ("v1", "v10")],
            r"holds v10_vggish.npy, v1_vggish.npy; data.audio.files=\{video_id\}_vggish.npy would read them$",
        ),
        (
            lambda folder: np.savez(folder / "all.npz", rgb_v1=np.ones(1), rgb_v10=np.ones(1)),
            r"holds all.npz; data.audio.files=all.npz data.audio.array=rgb_\{video_id\} would read it$",
        ),
        (lambda folder: [(folder / f"{place}.mp4").touch() for place in range(7)], r"4.mp4 and 2 more$"),
        (lambda folder: None, r"holds nothing$"),
    ],
)
def test_what_a_folder_holds_is_told_with_the_setting_that_reads_it(tmp_path, write, expected):
    write(tmp_path)
    told = suggested(tmp_path, ["v1", "v10"], placeholder="video_id", key="data.audio")
    with pytest.raises(DataError, match=expected):
        raise DataError(told)
