"""A data set with keys and categories of its own, from its files to the report and the dashboard."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from avqa_lit.artifacts.run_folder import read_run
from avqa_lit.data.store import FeatureStore
from avqa_lit.evaluate import main as evaluate
from avqa_lit.report.build import write_report
from avqa_lit.taxonomy import Taxonomy

TYPES = (("Sound", "Come From"), ("Sound", "Which"), ("Both", "Which"), ("Both", "Why"))
NAMES = ("sound/come_from", "sound/which", "both/which", "both/why")
TAXONOMY = (
    "data.taxonomy=[{modality:Sound,type:Come From,label:S-From,heading:From},{modality:Sound,type:Which},"
    "{modality:Both,type:Which},{modality:Both,type:Why}]"
)
FIELDS = (
    "+data.fields.video_id=clip", "+data.fields.type=[relation,kind]", "+data.fields.question=query",
    "+data.fields.answer=reply", "+data.fields.values=null", "+data.fields.question_id=null",
    "+data.fields.audio_id=null",
)  # fmt: skip
VIDEOS = {"train": 7, "val": 3, "test": 5}


@pytest.fixture
def raw(tmp_path):
    """A folder in the official layout, whose rows have other keys."""
    random = np.random.default_rng(5)
    (tmp_path / "raw/json").mkdir(parents=True)
    for split, videos in VIDEOS.items():
        rows = []
        for video in (f"{split}{number}" for number in range(videos)):
            for encoder, width in (("vggish", 5), ("r2plus1d_18", 3)):
                file = tmp_path / f"raw/feats/{encoder}/{video}.npy"
                file.parent.mkdir(parents=True, exist_ok=True)
                np.save(file, random.normal(size=(4, width)).astype(np.float32))
            for relation, kind in TYPES:
                reply = ["a dog", "a train", "rain"][int(random.integers(3))]
                query = f"{kind.split()[0]} is it?"
                rows.append(
                    {"clip": video, "relation": relation, "kind": kind, "query": query, "reply": reply}
                )
        (tmp_path / f"raw/json/avqa-{split}.json").write_text(json.dumps(rows))
    return tmp_path / "raw"


def test_the_categories_travel_from_the_files_to_every_result(raw, train, tmp_path, monkeypatch):
    trained = train("data=music_avqa", f"data.raw={raw}", TAXONOMY, *FIELDS, folder="runs/a")
    taxonomy = trained.results.taxonomy
    assert taxonomy.names == NAMES
    assert [category.label for category in taxonomy.categories] == ["S-From", "S-Which", "B-Which", "B-Why"]
    assert FeatureStore.open(Path(trained.results.data.store)).taxonomy == taxonomy
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    assert Taxonomy.from_plain(checkpoint["avqa_lit"]["taxonomy"]) == taxonomy

    assert {row["category"] for row in trained.predictions()} == set(NAMES)
    tested = dict.fromkeys(NAMES, VIDEOS["test"])
    counts = trained.results.counts
    assert {name: counts[f"test/{name}"].total for name in NAMES} == tested
    accuracies = {name for name in trained.results.metrics if name.startswith("test/acc/")}
    of_modality = {
        f"{modality}/{mean}" for modality in ("sound", "both") for mean in ("avg", "mean_of_types")
    }
    averages = {"overall", "mean_of_types", "mean_of_modalities", *of_modality}
    assert accuracies == {f"test/acc/{name}" for name in averages | set(NAMES)}

    scored = _evaluated(monkeypatch, tmp_path, f"checkpoint={trained.folder.best}")
    assert scored.results.taxonomy == trained.results.taxonomy
    assert scored.predictions() == trained.predictions()

    report = write_report([tmp_path / "runs/a"], tmp_path / "report.html", tables=tmp_path / "tables")
    heads = re.findall(r"<th[^>]*>([^<]+)", report.html.read_text("utf-8"))
    assert [one.strip() for one in heads[2:14]] == [
        "Sound", "Both", "Averages, weighted by questions", "Unweighted means",
        "From", "Which", "Which", "Why", "Sound", "Both", "Overall", "of types",
    ]  # fmt: skip
    assert "questions of other categories." in report.markdown.read_text("utf-8")
    assert "test/acc/sound/come_from" in report.csv.read_text("utf-8")
    assert "B-Why" in (tmp_path / "tables/templates.md").read_text("utf-8")


def test_a_checkpoint_of_an_older_version_is_of_music_avqa(raw, train, tmp_path, monkeypatch, capsys):
    trained = train("data=music_avqa", f"data.raw={raw}", TAXONOMY, *FIELDS, folder="a")
    checkpoint = torch.load(trained.folder.best, weights_only=True)
    del checkpoint["avqa_lit"]["taxonomy"]
    older = tmp_path / "older.ckpt"
    torch.save(checkpoint, older)
    scored = _evaluated(monkeypatch, tmp_path, f"checkpoint={older}")
    assert scored.results.metrics["test/acc/overall"] == trained.results.metrics["test/acc/overall"]
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "the model was trained on questions of other categories (audio/counting, audio/comparative, " in told
    )


def test_without_its_taxonomy_the_first_row_is_refused_and_the_key_named(raw, train):
    with pytest.raises(SystemExit):
        train("data=music_avqa", f"data.raw={raw}", *FIELDS, folder="a")


def _evaluated(monkeypatch, folder, *overrides):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["evaluate", "display=false", "paths.runs=scored", *overrides])
    evaluate()
    (path,) = (folder / "scored/evaluate").iterdir()
    return read_run(path)
