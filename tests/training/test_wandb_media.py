import numpy as np
import pytest

from avqa_lit.artifacts.attention import Attention, TrackAttention
from avqa_lit.training import wandb_media
from avqa_lit.training.wandb_media import OTHERS, attention_figures, confusion_matrix, predictions_table


def row(number, answer, prediction, probability):
    return {
        "row": number, "question_id": None, "video_id": "v", "category": "audio/counting",
        "question": "how many?", "answer": answer, "prediction": prediction, "prior": answer,
        "probability": probability, "top5": [],
    }  # fmt: skip


ROWS = [
    row(0, "yes", "yes", 0.5),
    row(2, "yes", "no", 0.25),
    row(3, "two", "no", 0.75),
    row(5, "no", "no", 0.75),
    row(7, "no", "no", 0.5),
]


def cells(chart):
    return {(truth, guess): count for truth, guess, count in chart.table.data}


def test_every_pair_of_answers_that_occur_is_counted():
    found = cells(confusion_matrix(ROWS))
    counted = {("yes", "yes"): 1, ("yes", "no"): 1, ("two", "no"): 1, ("no", "no"): 2}
    assert found == {
        (t, g): counted.get((t, g), 0) for t in ("no", "yes", "two") for g in ("no", "yes", "two")
    }


def test_rare_answers_share_a_label_and_no_question_is_lost(monkeypatch):
    monkeypatch.setattr(wandb_media, "MOST_LABELS", 1)
    found = cells(confusion_matrix(ROWS))
    assert found == {("no", "no"): 2, ("no", OTHERS): 0, (OTHERS, "no"): 2, (OTHERS, OTHERS): 1}


@pytest.mark.parametrize("most", [2, 3, 7])
def test_the_table_begins_with_the_surest_wrong_answers(monkeypatch, most):
    monkeypatch.setattr(wandb_media, "MOST_PREDICTIONS", most)
    table = predictions_table(ROWS)
    kept = [dict(zip(table.columns, values, strict=True)) for values in table.data]
    assert [(one["row"], one["right"]) for one in kept] == [
        (3, False), (2, False), (5, True), (0, True), (7, True),
    ][:most]  # fmt: skip
    assert kept[0]["prediction"] == "no"
    assert kept[0]["answer"] == "two"


def attention(*, audio, visual):
    """Equal shares on so many rows of audio and video for each of `ROWS`."""
    return Attention(
        np.array([one["row"] for one in ROWS]),
        {
            name: TrackAttention(
                np.full((len(ROWS), time), 0.125, np.float16), np.arange(time, dtype=np.float32)
            )
            for name, time in (("audio", audio), ("visual", visual))
        },
    )


@pytest.mark.parametrize("most", [1, 5])
def test_figures_show_the_surest_wrong_answers(monkeypatch, most):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(wandb_media, "MOST_FIGURES", most)
    figures = attention_figures(ROWS, attention(audio=3, visual=5))
    told = ["no (75%); right is two", "no (25%); right is yes"]
    assert [one._caption for one in figures] == told[:most]


def test_a_model_without_attention_has_no_figures():
    assert attention_figures(ROWS, attention(audio=0, visual=0)) == []
