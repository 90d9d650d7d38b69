import json
import os
from pathlib import Path

import numpy as np
import pytest

from avqa_lit.data import official as official_module
from avqa_lit.data.annotations import Question
from avqa_lit.data.feature_files import Extraction
from avqa_lit.data.official import OfficialLayout

AUDIO_DIM, VISUAL_DIM = 7, 11


@pytest.fixture
def real_data():
    """Folder of published annotations and features, where there is one."""
    folder = os.environ.get("AVQA_REAL_DATA")
    if folder is None:
        pytest.skip("AVQA_REAL_DATA names no folder with published annotations")
    return Path(folder)


@pytest.fixture
def record():
    """One published row, with changes."""

    def make(**changes):
        row = {
            "video_id": "00000093",
            "question_id": 12,
            "type": '["Audio", "Comparative"]',
            "question_content": "Is the <Object> louder than the <Object>?",
            "templ_values": '["piano", "violin"]',
            "question_deleted": 0,
            "anser": "yes",
        }
        return {key: value for key, value in (row | changes).items() if value is not None}

    return make


@pytest.fixture
def question():
    """One question, with changes."""

    def make(row=0, **changes):
        values = {
            "question_id": str(row),
            "video_id": "v0",
            "audio_id": changes.get("video_id", "v0"),
            "category": 1,
            "template": "Is the <Object> loud?",
            "text": "Is the piano loud?",
            "answer": "yes",
        }
        return Question(row=row, **(values | changes))

    return make


@pytest.fixture
def layout(tmp_path, record):
    """A small folder in the official layout; tracks of the two modalities differ in length."""
    raw = tmp_path / "raw"
    rng = np.random.default_rng(0)
    videos = {"train": ["a", "b"], "val": ["c"], "test": ["d", "e"]}
    answers = {"train": ["yes", "no"], "val": ["no"], "test": ["yes", "perhaps"]}
    (raw / "json").mkdir(parents=True)
    for split, ids in videos.items():
        rows = [
            record(video_id=one, question_id=place, anser=answers[split][place])
            for place, one in enumerate(ids)
        ]
        (raw / f"json/avqa-{split}.json").write_text(json.dumps(rows))
    for encoder, dim, first_length in (("vggish", AUDIO_DIM, 3), ("resnet", VISUAL_DIM, 5)):
        (raw / "feats" / encoder).mkdir(parents=True)
        for place, one in enumerate("abcde"):
            np.save(raw / "feats" / encoder / f"{one}.npy", rng.standard_normal((first_length + place, dim)))
    return raw


@pytest.fixture
def views(layout):
    """Folders of a view of both modalities and of one of the visual alone; lengths differ from the clean."""
    for name, encoder, dim in (("far", "vggish", 7), ("far", "resnet", 11), ("dark", "resnet", 11)):
        folder = layout / f"feats_{name}" / encoder
        folder.mkdir(parents=True)
        for one in "abcde":
            np.save(folder / f"{one}.npy", np.full((2, dim), {"far": 50.0, "dark": 60.0}[name]))
    return {"far": "feats_far", "dark": "feats_dark"}


@pytest.fixture
def official(layout):
    """The reader of `layout`, with changes."""

    def make(**changes):
        values = {
            "raw": str(layout),
            "annotations": {split: f"json/avqa-{split}.json" for split in ("train", "val", "test")},
            "audio": Extraction("vggish", seconds_per_row=0.75),
            "visual": Extraction("resnet", seconds_per_row=0.5, start_seconds=0.25),
        }
        return OfficialLayout(**(values | changes))

    return make


@pytest.fixture
def packings(monkeypatch):
    """How often a store was packed."""
    calls = []
    original = official_module.write_store
    monkeypatch.setattr(official_module, "write_store", lambda *a, **k: (calls.append(1), original(*a, **k)))
    return calls
