import io
import json

import numpy as np
import pytest

from avqa_lit.console import PlainConsole
from avqa_lit.data import progress_bar
from avqa_lit.data.feature_files import Extraction, FeatureArrays
from avqa_lit.data.hashing import HashingEncoder
from avqa_lit.data.pack import write_store
from avqa_lit.data.store import FeatureStore
from avqa_lit.errors import DataError


@pytest.fixture
def packed(tmp_path, question):
    """A store of given questions whose features tell id, modality and row."""

    def make(questions, *, audio=None, visual=None, name="store", **options):
        ids = sorted({one.audio_id for rows in questions.values() for one in rows})
        ids = sorted({*ids, *(one.video_id for rows in questions.values() for one in rows)})
        audio = audio or {one: _track(place, 3 + place, 2) for place, one in enumerate(ids)}
        visual = visual or {one: _track(-place, 5, 3) for place, one in enumerate(ids)}
        folder = tmp_path / name
        folder.mkdir()
        write_store(
            folder,
            questions=questions,
            tracks={
                "audio": FeatureArrays(Extraction("ears"), audio),
                "visual": FeatureArrays(Extraction("eyes"), visual),
            },
            **{"dtype": "float32", "fingerprint": "f", **options},
        )
        return FeatureStore.open(folder)

    return make


def _track(value, rows, dim):
    return value + np.arange(rows)[:, None] / 8 + np.zeros(dim)


def test_the_sound_may_come_from_another_video(packed, question):
    questions = {
        "train": [
            question(0, video_id="seen", audio_id="heard"),
            question(1, video_id="seen"),
            question(2, video_id="other", audio_id="heard"),
            question(3, video_id="seen", audio_id="heard"),
        ]
    }
    store = packed(questions)
    table = store.splits["train"]
    assert table.clip.tolist() == [0, 1, 2, 0]
    assert [store.ids["audio"][store.clip_entry["audio"][clip]] for clip in table.clip] == [
        "heard",
        "seen",
        "heard",
        "heard",
    ]
    assert [store.ids["visual"][store.clip_entry["visual"][clip]] for clip in table.clip] == [
        "seen",
        "seen",
        "other",
        "seen",
    ]
    assert table.video_id == ("seen", "seen", "other", "seen")
    assert len(store.ids["audio"]) == len(store.ids["visual"]) == 2


def test_vocabularies_come_from_train_alone(packed, question):
    questions = {
        "train": [question(0, answer="two", text="Is it?"), question(1, answer="cello", text="Is she?")],
        "val": [question(0, answer="flute", text="Are they?"), question(1, answer="two")],
    }
    store = packed(questions)
    assert store.answers.tokens == ("two", "cello")
    assert store.labels == ("two", "cello", "flute")
    assert store.words.tokens == ("Is", "it", "she")
    assert store.splits["val"].answer.tolist() == [2, 0]
    assert store.unseen_answers == {"train": 0, "val": 1}


def test_dropped_questions_leave_the_vocabularies_and_rows_as_they_are(packed, question):
    rows = [("rare", "v0"), ("yes", "v1"), ("yes", "v2")]
    questions = {
        "train": [question(row, answer=answer, video_id=video) for row, (answer, video) in enumerate(rows)]
    }
    audio = {video: _track(0, 3, 2) for video in ("v1", "v2")}
    store = packed(questions, audio=audio).with_tracks(["audio", "visual"])
    assert len(packed(questions, audio=audio, name="again").with_tracks(["visual"]).splits["train"]) == 3
    assert store.answers.tokens == ("rare", "yes")
    assert store.splits["train"].row.tolist() == [1, 2]
    assert store.splits["train"].answer.tolist() == [1, 1]
    assert store.splits["train"].clip.tolist() == [0, 1]
    assert store.dropped == {"train": 1}


def test_texts_and_templates_are_kept_once(packed, question):
    questions = {
        "train": [question(0), question(1, text="Is the tuba loud?"), question(2)],
        "test": [question(0, text="Is the tuba loud?", question_id=None)],
    }
    store = packed(questions)
    assert store.texts == ("Is the piano loud?", "Is the tuba loud?")
    assert store.templates == ("Is the <Object> loud?",)
    assert store.splits["train"].text.tolist() == [0, 1, 0]
    assert store.splits["test"].text.tolist() == [1]
    assert store.splits["test"].question_id == (None,)


def test_prompts_are_kept_once_and_stand_beside_their_questions(packed, question):
    questions = {
        "train": [question(0, prompt="It is loud."), question(1, prompt="It is low.")],
        "test": [question(5, video_id="v1", prompt="It is loud.")],
    }
    store = packed(questions)
    assert store.prompts == ("It is loud.", "It is low.")
    assert {split: table.prompt.tolist() for split, table in store.splits.items()} == {
        "train": [0, 1],
        "test": [0],
    }
    assert store.splits["train"].where(np.array([False, True])).prompt.tolist() == [1]


def test_features_of_prompts_stand_apart_from_those_of_questions_by_the_same_encoder(packed, question):
    rows = [question(row, text="Is it?", prompt=prompt) for row, prompt in enumerate(("It is.", "No."))]
    store = packed({"train": rows})
    encoder = HashingEncoder(dim=17)
    np.testing.assert_array_equal(store.text_features(encoder), encoder.encode(["Is it?"]))
    for _ in range(2):
        found = store.text_features(encoder, text="prompt")
        np.testing.assert_array_equal(found, encoder.encode(["It is.", "No."]))
        tokens = store.token_features(encoder, text="prompt")
        assert tokens.lengths.tolist() == [2, 1]
    assert store.token_features(encoder).lengths.tolist() == [2]


def test_a_store_without_prompts_is_what_it_was_before_there_were_any(packed, question):
    store = packed({"train": [question(0)]})
    assert "prompts" not in json.loads((store.path / "strings.json").read_text())
    assert not [name for name in np.load(store.path / "index.npz").files if "prompt" in name]
    assert store.prompts == ()
    assert store.splits["train"].prompt is None


def test_prompts_of_some_questions_alone_are_refused(packed, question):
    with pytest.raises(
        DataError, match=r"train row 1 \(question_id 1\): no prompt, but other questions have"
    ):
        packed({"train": [question(0, prompt="It is."), question(1)]})


def test_a_second_packing_is_the_same_to_the_byte(packed, question):
    questions = {"train": [question(0), question(1, video_id="v1")]}
    first, second = (packed(questions, name=name, fingerprint=name) for name in ("one", "two"))
    assert first.checksum == second.checksum
    for name in ("audio.npy", "visual.npy", "index.npz", "strings.json"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


@pytest.mark.parametrize("changed", ["features", "question", "dtype", "view", "name of a view"])
def test_any_change_shows_in_the_checksum(packed, question, changed):
    questions = {"train": [question(0)]}
    other = {"train": [question(0, answer="no")]} if changed == "question" else questions
    visual = {"v0": _track(9, 5, 3)} if changed == "features" else None
    options = {"dtype": "float16"} if changed == "dtype" else {}
    near, far = (
        {name: {"visual": FeatureArrays(Extraction("eyes"), {"v0": _track(value, 5, 3)})}}
        for name, value in (("a", 3), ("a" if changed == "view" else "b", 4 if changed == "view" else 3))
    )
    views = ({}, {}) if "view" not in changed else ({"views": near}, {"views": far})
    one = packed(questions, **views[0])
    two = packed(other, visual=visual, name="other", **options, **views[1])
    assert one.checksum != two.checksum


def test_a_packed_file_is_plain_numpy(packed, question):
    store = packed({"train": [question(0), question(1, video_id="v1")]}, dtype="float16")
    array = np.load(store.path / "audio.npy", allow_pickle=False)
    assert array.dtype == np.float16
    np.testing.assert_array_equal(array, np.concatenate([_track(0, 3, 2), _track(1, 4, 2)]))


def test_maps_and_patches_keep_their_shape(packed, question):
    maps = np.random.default_rng(0).standard_normal((5, 7, 2, 3))
    store = packed({"train": [question(0)]}, visual={"v0": maps}, audio={"v0": maps[:, :, 0]})
    shapes = {name: track.row_shape for name, track in store.tracks.items()}
    assert shapes == {"audio": (7, 3), "visual": (7, 2, 3)}
    values = store.tracks["visual"].gather(np.array([0])).values
    np.testing.assert_array_equal(values[0], maps.astype(np.float32))


def test_views_stand_behind_the_clean_entries_and_what_they_lack_is_the_clean_one(packed, question):
    questions = {"train": [question(0), question(1, video_id="v1")]}
    plain = packed(questions, name="plain")
    far = FeatureArrays(Extraction("ears"), {"v0": _track(70, 2, 2), "v1": _track(71, 7, 2)})
    dim = FeatureArrays(Extraction("eyes"), {"v1": _track(80, 3, 3), "unasked": _track(9, 3, 3)})
    store = packed(questions, views={"far": {"audio": far}, "both": {"audio": far, "visual": dim}})
    assert (plain.views, store.views) == (("clean",), ("clean", "far", "both"))
    assert store.ids["audio"] == plain.ids["audio"] == ("v0", "v1")
    for name, expected in (
        ("audio", [["v0", "v1"], [70, 71], [70, 71]]),
        ("visual", [["v0", "v1"], ["v0", "v1"], ["v0", 80]]),
    ):
        modality, clean = store.tracks[name], plain.tracks[name]
        np.testing.assert_array_equal(modality.array[: len(clean.array)], clean.array)
        for view, row in enumerate(expected):
            gathered = modality.gather(np.arange(2) + 2 * view)
            values, mask = gathered.values, gathered.mask
            for place, what in enumerate(row):
                found = values[place][mask[place]]
                if isinstance(what, str):
                    other = clean.gather(np.array([place]))
                    np.testing.assert_array_equal(found, other.values[0][other.mask[0]])
                else:
                    assert found[0, 0] == what
    assert [store.tracks["audio"].own_entries(view) for view in range(3)] == [0, 2, 2]
    assert [store.tracks["visual"].own_entries(view) for view in range(3)] == [0, 0, 1]
    assert store.tracks["visual"].ids_of_view(2) == {"v1"}
    assert len(store.tracks["visual"].array) == len(plain.tracks["visual"].array) + 3


def test_a_store_without_views_is_what_it_was_before_there_were_any(packed, question):
    store = packed({"train": [question(0)]})
    assert "views" not in json.loads((store.path / "store.json").read_text("utf-8"))
    assert FeatureStore.open(store.path, verify=True).views == ("clean",)


def test_a_view_of_another_width_is_refused_by_name(packed, question):
    wide = FeatureArrays(Extraction("eyes far away"), {"v0": np.ones((5, 4))})
    with pytest.raises(
        DataError, match=r"eyes far away features of 'v0': rows of shape \[4\], expected \[3\]"
    ):
        packed({"train": [question(0)]}, views={"far": {"visual": wide}})


def test_another_width_is_refused_by_name(packed, question):
    questions = {"train": [question(0), question(1, video_id="v1")]}
    with pytest.raises(
        DataError,
        match=r"eyes features of 'v1': rows of shape \[4\], expected \[3\] as in eyes features of 'v0'",
    ):
        packed(questions, visual={"v0": np.ones((5, 3)), "v1": np.ones((5, 4))})


def test_features_without_rows_are_refused(packed, question):
    with pytest.raises(DataError, match=r"eyes features of 'v0': shape \[0, 3\] holds no values"):
        packed({"train": [question(0)]}, visual={"v0": np.ones((0, 3))})


def test_nothing_to_pack_is_an_error(packed, question):
    with pytest.raises(DataError, match="track audio: no question's video has features"):
        packed({"train": [question(0)]}, audio={"v1": _track(0, 3, 2)})


def test_a_terminal_sees_a_bar(packed, question, monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(
        progress_bar, "PlainConsole", lambda **_: PlainConsole(file=shown, force_terminal=True)
    )
    packed({"train": [question(0)]}, progress=True)
    assert "Packing visual (eyes)" in shown.getvalue()


def test_a_file_sees_no_bar(packed, question, capsys):
    packed({"train": [question(0)]}, progress=True)
    assert capsys.readouterr() == ("", "")
