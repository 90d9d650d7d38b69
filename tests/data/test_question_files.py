"""Features of questions in files, from the files to the vectors of each question."""

import json
import os
import re

import numpy as np
import pytest
import torch

from avqa_lit.data.question_files import QuestionFiles
from avqa_lit.data.texts import AbsentTextError
from avqa_lit.errors import ConfigError, DataError

DIM, TOKEN_DIM = 5, 3
INSTRUMENTS = {"train": ("cello", "flute"), "val": ("tuba",), "test": ("cello", "drum")}
IDS = {"train": (3, 7), "val": (11,), "test": (13, 17)}


def text_of(instrument):
    return f"Is the {instrument} loud?"


@pytest.fixture
def store_of(layout, official, record):
    """Store of five questions, of which two ask the same, with changes to their rows."""

    def make(change=lambda row: row, **options):
        for split, instruments in INSTRUMENTS.items():
            rows = json.loads((layout / f"json/avqa-{split}.json").read_text())
            rows = [
                change(
                    row | {
                        "question_id": IDS[split][place],
                        "question_content": "Is the <Object> loud?",
                        "templ_values": json.dumps([instruments[place]]),
                    }
                )
                for place, row in enumerate(rows)
            ]  # fmt: skip
            (layout / f"json/avqa-{split}.json").write_text(json.dumps(rows))
        return official(**options).prepare(progress=False)

    return make


@pytest.fixture
def store(store_of):
    return store_of()


@pytest.fixture
def arrays():
    """Random arrays by question_id: sentence vectors and states of 2 to 6 tokens."""
    chance = np.random.default_rng(0)
    ids = [str(identity) for split in IDS.values() for identity in split]
    return {
        "sentence": {identity: chance.normal(size=(1, DIM)).astype(np.float32) for identity in ids},
        "tokens": {
            identity: chance.normal(size=(2 + place, TOKEN_DIM)).astype(np.float32)
            for place, identity in enumerate(ids)
        },
    }


@pytest.fixture
def write(tmp_path):
    """Writes arrays as .npy files to a folder, and gives its path."""

    def of(name, arrays):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for identity, values in arrays.items():
            np.save(folder / f"{identity}.npy", values)
        return str(folder)

    return of


def files(*, sentence=None, tokens=None, **options):
    return QuestionFiles(**{"sentence": sentence, "tokens": tokens, "files": "{question_id}.npy", **options})


def sentences(reader, store, split="test"):
    found = reader.read_features(store, ("sentence",), text="question")
    return found.gather(split, np.arange(len(IDS[split]))).sentence.numpy()


def states(reader, store, split="test"):
    found = reader.read_features(store, ("tokens",), text="question")
    gathered = found.gather(split, np.arange(len(IDS[split])))
    return gathered.tokens.numpy(), gathered.mask.numpy()


def of_split(arrays, split):
    return np.concatenate([arrays[str(identity)] for identity in IDS[split]])


@pytest.mark.parametrize("split", IDS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, DIM), (DIM,)])
def test_a_sentence_vector_is_found_by_its_question_id(store, arrays, write, split, dtype, shape):
    made = {name: values.astype(dtype).reshape(shape) for name, values in arrays["sentence"].items()}
    found = sentences(files(sentence=write("words", made)), store, split)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, of_split(arrays["sentence"], split).astype(dtype).astype("f4"))


def by_npz(folder, arrays):
    np.savez(folder / "all.npz", **{f"question_{name}": values for name, values in arrays.items()})
    return {"files": "all.npz", "array": "question_{question_id}"}


def by_pt(folder, arrays):
    for name, values in arrays.items():
        torch.save(torch.from_numpy(values), folder / f"q{name}.pt")
    return {"files": "q{question_id}.pt"}


def by_h5(folder, arrays):
    h5py = pytest.importorskip("h5py", reason="the extra `hdf5` is not installed")
    with h5py.File(folder / "all.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return {"files": "all.h5", "array": "{question_id}"}


@pytest.mark.parametrize("save", [by_npz, by_pt, by_h5])
def test_other_formats_and_one_file_for_all_are_read(store, arrays, tmp_path, save):
    options = save(tmp_path, arrays["sentence"])
    found = sentences(files(sentence=str(tmp_path), **options), store)
    np.testing.assert_array_equal(found, of_split(arrays["sentence"], "test"))


def test_arrays_can_be_named_after_the_text(store, tmp_path):
    h5py = pytest.importorskip("h5py", reason="the extra `hdf5` is not installed")
    made = {text_of(name): np.full(DIM, len(name), np.float16) for name in ("cello", "flute", "tuba", "drum")}
    with h5py.File(tmp_path / "texts.h5", "w") as file:
        for text, values in made.items():
            file[text] = values
    reader = files(sentence=str(tmp_path), files="texts.h5", array="{text}")
    assert sentences(reader, store).tolist() == [[5.0] * DIM, [4.0] * DIM]
    kept = np.load(next(store.path.glob("text_files-*.npy")))
    assert len(kept) == 4  # each distinct text once


def padded(values, length=77):
    return np.concatenate([values, np.zeros((length - len(values), TOKEN_DIM), np.float32)])


def test_rows_of_zeros_behind_the_tokens_are_masked(store, arrays, write):
    made = {name: padded(values) for name, values in arrays["tokens"].items()}
    made["13"][1] = 0  # a row of zeros between tokens is a token
    values, mask = states(files(tokens=write("words", made)), store)
    lengths = [len(arrays["tokens"][str(identity)]) for identity in IDS["test"]]
    assert mask.sum(axis=1).tolist() == lengths == [5, 6]
    for place, identity in enumerate(IDS["test"]):
        np.testing.assert_array_equal(values[place, : lengths[place]], made[str(identity)][: lengths[place]])


def test_every_row_is_a_token_where_padding_is_not_told_apart(store, arrays, write):
    made = {name: padded(values) for name, values in arrays["tokens"].items()}
    values, mask = states(files(tokens=write("words", made), padding="none"), store)
    assert mask.shape == (2, 77)
    assert mask.all()
    np.testing.assert_array_equal(values, np.stack([made[str(identity)] for identity in IDS["test"]]))


def test_equal_states_are_kept_once(store, arrays, write):
    arrays["tokens"]["13"] = arrays["tokens"]["3"]  # of the same text
    values, _ = states(files(tokens=write("words", arrays["tokens"])), store)
    np.testing.assert_array_equal(values[0, :2], arrays["tokens"]["3"])
    kept = np.load(next(store.path.glob("tokens_files-*.npy")))
    assert len(kept) == sum(len(arrays["tokens"][name]) for name in ("3", "7", "11", "17"))


def test_files_are_packed_once_and_read_again_when_one_changes(store, arrays, write, monkeypatch):
    folder = write("words", arrays["sentence"])
    first, name = sentences(files(sentence=folder), store), files(sentence=folder).name
    assert re.fullmatch(r"words-[0-9a-f]{12}", name)
    with monkeypatch.context() as patch:
        patch.setattr("avqa_lit.data.named_arrays.NamedArrays.read", None)
        np.testing.assert_array_equal(sentences(files(sentence=folder), store), first)
    write("words", {"13": np.ones(DIM)})
    assert sentences(files(sentence=folder), store)[0].tolist() == [1.0] * DIM
    assert files(sentence=folder).name != name


def test_a_file_that_changes_its_time_alone_is_read_again(arrays, write):
    folder = write("words", arrays["sentence"])
    name = files(sentence=folder).name
    os.utime(f"{folder}/13.npy", ns=(1, 1))
    assert files(sentence=folder).name != name


def test_padding_is_part_of_what_is_packed(store, arrays, write):
    folder = write("words", {name: padded(values) for name, values in arrays["tokens"].items()})
    assert states(files(tokens=folder), store)[1].shape == (2, 6)
    assert states(files(tokens=folder, padding="none"), store)[1].shape == (2, 77)


def test_damaged_copies_are_made_again(store, arrays, write, caplog):
    reader = files(tokens=write("words", arrays["tokens"]))
    expected = states(reader, store)
    for kept in list(store.path.glob("token*_files-*.npy")):
        content = bytearray(kept.read_bytes())
        content[-1] ^= 1
        kept.write_bytes(content)
        for found, before in zip(states(reader, store), expected, strict=True):
            np.testing.assert_array_equal(found, before)
    assert caplog.text.count(": damaged, or without its checksum") == 3


def test_features_of_a_share_are_those_of_its_questions(store, arrays, write):
    part = store.with_train_share(0.5)
    reader = files(sentence=write("words", arrays["sentence"]))
    found = reader.read_features(store, ("sentence",), text="question")
    (row,) = part.splits["train"].row.tolist()
    gathered = found.of_part(store.splits, part.splits).gather("train", np.array([0]))
    np.testing.assert_array_equal(gathered.sentence, arrays["sentence"][str(IDS["train"][row])])


def test_missing_files_are_counted_and_named(store, arrays, write):
    folder = write("words", {name: arrays["sentence"][name] for name in ("3", "7", "11")})
    with pytest.raises(
        AbsentTextError,
        match=r"words: 2 of 5 arrays of the question are missing; .*words holds 11\.npy, 3\.npy, 7\.npy"
        r"(.|\n)*question_id 13: .*13\.npy\n  question_id 17: .*17\.npy$",
    ):
        sentences(files(sentence=folder), store)
    assert not list(store.path.glob("text_*"))


def test_files_of_another_pattern_are_suggested(store, arrays, write):
    folder = write("words", {f"question_{name}": values for name, values in arrays["sentence"].items()})
    with pytest.raises(
        AbsentTextError, match=r"5 of 5 arrays .*question\.files=question_\{question_id\}\.npy would read"
    ):
        sentences(files(sentence=folder), store)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((77, DIM)), r"shape \[77, 5\], expected one sentence vector, .* with question\.tokens=DIR"),
        (np.ones((1, DIM + 1)), r"vectors 6 wide, expected 5 as in .*words/3\.npy; all files of a folder"),
        (np.full(DIM, np.nan), r"expected finite numbers that float32 can hold, found nan; encode"),
        (np.full(DIM, 1e300), r"expected finite numbers that float32 can hold, found 1e\+300"),
        (np.ones(DIM, np.int64), r"expected floating-point numbers, found int64; save it as float32"),
        (np.ones((0, DIM)), r"shape \[0, 5\], expected one sentence vector"),
    ],
)
def test_what_is_no_sentence_vector_is_refused(store, arrays, write, values, message):
    reader = files(sentence=write("words", arrays["sentence"] | {"13": values}))
    with pytest.raises(DataError, match=rf"words/13\.npy \(question_id 13\): {message}"):
        sentences(reader, store)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(TOKEN_DIM), r"shape \[3\], expected states of tokens, .* with question\.sentence=DIR"),
        (np.ones((1, 4, TOKEN_DIM)), r"shape \[1, 4, 3\], expected states of tokens"),
        (np.ones((4, 2)), r"vectors 2 wide, expected 3 as in .*words/3\.npy"),
        (np.zeros((4, TOKEN_DIM)), r"all 4 rows are zero, expected at least one token .*padding=none"),
        (np.full((4, TOKEN_DIM), np.inf), r"expected finite numbers .* found inf"),
    ],
)
def test_what_is_no_states_of_tokens_is_refused(store, arrays, write, values, message):
    reader = files(tokens=write("words", arrays["tokens"] | {"13": values}))
    with pytest.raises(DataError, match=rf"words/13\.npy \(question_id 13\): {message}"):
        states(reader, store)


def test_a_row_without_an_id_is_refused(store_of, arrays, write):
    store = store_of(lambda row: {name: value for name, value in row.items() if name != "question_id"})
    with pytest.raises(
        AbsentTextError,
        match=r"train row 0: has no question_id, which question\.files=\{question_id\}\.npy needs; name the "
        r"files after the text, as in question\.files=\{text\}\.npy",
    ):
        sentences(files(sentence=write("words", arrays["sentence"])), store)


def test_an_id_with_two_texts_is_refused(store_of, arrays, write):
    store = store_of(lambda row: row | {"question_id": 3})
    with pytest.raises(
        DataError,
        match=r"train row 1 \(question_id 3\): asks 'Is the flute loud\?', and another row of this "
        r"question_id 'Is the cello loud\?', expected one text for each id; .*question\.files=\{text\}\.npy",
    ):
        sentences(files(sentence=write("words", arrays["sentence"])), store)


@pytest.mark.parametrize(
    ("options", "parts", "message"),
    [
        ({}, ("sentence",), r"reads sentence vectors of the prompt, and prompt\.sentence is null: .*=DIR"),
        ({}, ("tokens",), r"reads token states of the prompt, and prompt\.tokens is null: .*prompt=clip"),
        ({"sentence": "/absent"}, (), r"^prompt\.sentence=/absent: no such folder, expected one that holds"),
        ({"sentence": "/", "files": "a.txt"}, (), r"^prompt\.files=a\.txt: expected a file name that ends"),
        ({"sentence": "/", "files": "a.npy"}, (), r"expected \{question_id\} or \{text\} in"),
        ({"sentence": "/", "files": "{video_id}.npy"}, (), r"\{video_id\} stands for nothing"),
    ],
)
def test_what_cannot_be_read_is_refused_before_any_data_are(options, parts, message):
    with pytest.raises(ConfigError, match=message):
        files(**options).check(parts, text="prompt")


def test_an_unknown_kind_of_padding_is_refused():
    with pytest.raises(ConfigError, match=r"padding=ones: expected zeros or none"):
        files(padding="ones")


def test_prompts_of_files_named_after_ids_need_no_text(store, arrays, write):
    reader = files(sentence=write("words", arrays["sentence"]))
    assert not reader.needs_text
    found = reader.read_features(store, ("sentence",), text="prompt").gather("val", np.array([0]))
    np.testing.assert_array_equal(found.sentence, arrays["sentence"]["11"])


def test_prompts_of_files_named_after_texts_are_found_by_their_own(store_of, tmp_path, official):
    from avqa_lit.data.annotations import FieldMap

    np.savez(tmp_path / "all.npz", **{"told quietly": np.ones(DIM), "told loudly": np.zeros(DIM) + 2})
    store = store_of(
        lambda row: row | {"told": "told loudly" if row["question_id"] == 17 else "told quietly"},
        fields=FieldMap(prompt="told"),
    )
    reader = files(sentence=str(tmp_path), files="all.npz", array="{text}")
    found = reader.read_features(store, ("sentence",), text="prompt").gather("test", np.array([1, 0]))
    assert found.sentence.tolist() == [[2.0] * DIM, [1.0] * DIM]


def test_prompts_by_text_of_data_without_prompts_are_refused(store, tmp_path):
    reader = files(sentence=str(tmp_path), files="{text}.npy")
    with pytest.raises(AbsentTextError, match=r"has no prompts; .*data\.fields\.pro"):
        reader.read_features(store, ("sentence",), text="prompt")
