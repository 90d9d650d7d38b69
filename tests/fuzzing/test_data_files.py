"""Files of a data set that anybody may have made: annotations, features, stores, answers."""

import json

import numpy as np
import pytest
import torch

from avqa_lit.data.annotations import read_annotations
from avqa_lit.data.answer_file import read_answer_file
from avqa_lit.data.digests import sha256
from avqa_lit.data.feature_files import Extraction, FeatureArrays
from avqa_lit.data.feature_folder import FeatureFolder
from avqa_lit.data.pack import write_store
from avqa_lit.data.store import FeatureStore, meta_checksum
from avqa_lit.data.stored_values import to_stored
from avqa_lit.data.text_features import text_features

pytestmark = pytest.mark.slow

ROWS = [
    {
        "video_id": "00000093",
        "question_id": 12,
        "type": '["Audio", "Comparative"]',
        "question_content": "Is the <Object> louder than the <Object>?",
        "templ_values": '["piano", "violin"]',
        "question_deleted": 0,
        "anser": "yes",
    },
    {
        "video_id": "sa00006547",
        "unmatch_audio": "00008531",
        "question_id": "x7",
        "type": ["Audio-Visual", "Existential"],
        "question_content": "Is it?",
        "templ_values": "[]",
        "anser": "no",
    },
]


def test_annotations(tmp_path, survives, mutated_json):
    path = tmp_path / "avqa-test.json"
    path.write_text(json.dumps(ROWS))
    survives(lambda rng: path.write_bytes(mutated_json(ROWS, rng)), lambda: read_annotations(path))


def test_feature_files(tmp_path, survives, mutated_npy):
    path = tmp_path / "v.npy"
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(path, array)
    folder = FeatureFolder(Extraction("e"), tmp_path)

    def read():
        shape = folder.shape("v")
        assert folder.read("v").shape == shape
        to_stored(folder.read("v"), dtype="float16", where=folder.where("v"))

    survives(lambda rng: path.write_bytes(mutated_npy(array, rng)), read)


@pytest.mark.parametrize("ending", [".npz", ".h5", ".pt"])
def test_feature_files_of_other_formats(tmp_path, survives, mutated_bytes, ending):
    path, array = tmp_path / f"v{ending}", np.arange(600, dtype=np.float32).reshape(20, 30)
    if ending == ".npz":
        np.savez(path, v=array)
    elif ending == ".h5":
        with pytest.importorskip("h5py").File(path, "w") as file:
            file["v"] = array
    else:
        torch.save({"v": torch.from_numpy(array)}, path)
    content = path.read_bytes()

    def read():
        folder = FeatureFolder(Extraction("e", files=f"{{video_id}}{ending}", array="v"), tmp_path)
        assert folder.read("v").shape == folder.shape("v")

    survives(lambda rng: path.write_bytes(mutated_bytes(content, rng)), read)


class Lengths:
    name = "lengths"

    def encode(self, texts):
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_question_features_whose_checksum_was_made_anew(tmp_path, survives, mutated_npy):
    path = tmp_path / "text_lengths.npy"
    text_features(tmp_path, ["a", "bc"], Lengths())

    def mutate(rng):
        path.write_bytes(mutated_npy(np.ones((2, 2), np.float32), rng))
        path.with_name(f"{path.name}.sha256").write_text(f"{sha256(path)}  {path.name}\n")

    survives(mutate, lambda: text_features(tmp_path, ["a", "bc"], Lengths()))


@pytest.fixture
def store(tmp_path):
    """Folder of a small store, and its files as they were written."""
    (tmp_path / "annotations.json").write_text(json.dumps(ROWS))
    questions = read_annotations(tmp_path / "annotations.json")
    ids = [question.video_id for question in questions] + [question.audio_id for question in questions]
    source = FeatureArrays(Extraction("e"), {name: np.ones((3, 2)) for name in ids})
    folder = tmp_path / "store"
    folder.mkdir()
    write_store(
        folder,
        questions={"train": questions, "val": questions, "test": questions},
        tracks={"audio": source, "visual": source},
        dtype="float16",
        fingerprint="f",
    )
    return folder, {file.name: file.read_bytes() for file in folder.glob("[!.]*")}


def _use(folder):
    store = FeatureStore.open(folder)
    for table in store.splits.values():
        for track in store.tracks.values():
            track.gather(store.clip_entry[track.modality][table.clip])
        [(store.texts[text], store.templates[text]) for text in table.text]
        [store.labels[answer] for answer in table.answer]
        assert len(table.question_id) == len(table.video_id) == len(table)
    return store.encoders, store.unseen_answers


def _seal(folder, meta):
    """Give a store the checksums of its files as they are now, as somebody would who made it."""
    for name in meta["files"]:
        file = folder / name
        meta["files"][name] = {"bytes": file.stat().st_size, "sha256": sha256(file)}
    meta["checksum"] = meta_checksum(meta)
    (folder / "store.json").write_text(json.dumps(meta))


def test_damaged_stores_are_never_used(store, survives, mutated_bytes):
    folder, files = store
    changed = {"is": False}

    def mutate(rng):
        for name, content in files.items():
            (folder / name).write_bytes(content)
        name = rng.choice(sorted(files))
        content = mutated_bytes(files[name], rng)
        changed["is"] = content != files[name]
        if name == "store.json" and changed["is"]:  # blanks, and the fingerprint, say nothing of the data
            changed["is"] = None
        (folder / name).write_bytes(content)

    def read():
        _use(folder)
        assert changed["is"] is not True

    survives(mutate, read)


def test_stores_of_a_stranger(store, survives, mutated_json, mutated_npy, mutated_npz, mutated_value):
    folder, files = store

    def mutate(rng):
        for name, content in files.items():
            (folder / name).write_bytes(content)
        meta = json.loads(files["store.json"])
        name = rng.choice(sorted(files))
        if name == "strings.json":
            (folder / name).write_bytes(mutated_json(json.loads(files[name]), rng))
        elif name == "index.npz":
            with np.load(folder / name) as index:
                arrays = dict(index)
            (folder / name).write_bytes(mutated_npz(arrays, rng))
        elif name.endswith(".npy"):
            (folder / name).write_bytes(mutated_npy(np.load(folder / name), rng))
        else:
            meta = mutated_value(meta, rng)
        try:
            _seal(folder, meta)
        except (TypeError, AttributeError, KeyError, OSError, ValueError):
            (folder / "store.json").write_text(json.dumps(meta))

    survives(mutate, lambda: _use(folder))


ANSWERS = (
    {"12": "yes", "13": "no"},
    [{"question_id": 12, "answer": "yes"}, {"row": 1, "prediction": "no", "answer": "yes"}],
)
TABLES = (
    "question_id,answer\n12,yes\n13,no\n",
    "row\tanswer\n0\tyes\n1\tno\n",
    "12\tTrue\t3\t3\n13\tFalse\t4\t5\n",
    '{"row": 0, "answer": "yes"}\n{"row": 1, "answer": "no"}\n',
)


def test_answer_files(tmp_path, survives, mutated_json, mutated_bytes):
    path = tmp_path / "answers"
    path.write_text(TABLES[0])

    def mutate(rng):
        if rng.random() < 0.5:
            path.write_bytes(mutated_json(rng.choice(ANSWERS), rng))
        else:
            path.write_bytes(mutated_bytes(rng.choice(TABLES).encode(), rng))

    survives(mutate, lambda: read_answer_file(path))
