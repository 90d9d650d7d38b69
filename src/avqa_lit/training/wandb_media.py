"""What W&B shows of a run beside its curves: confusion matrix, predictions, and where the model looked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from avqa_lit.artifacts.attention import Attention
from avqa_lit.metrics.attention_figure import attention_figure
from avqa_lit.metrics.attention_time import attention_over_time

# W&B draws at most 10,000 rows of a table; a confusion matrix has a row for each pair of labels.
MOST_LABELS = 99
OTHERS = "(other answers)"
# A sweep of many keeps a table for each of its runs; predictions.jsonl has all rows.
MOST_PREDICTIONS = 1000
MOST_FIGURES = 12
COLUMNS = (
    "row", "question_id", "video_id", "category", "question", "answer", "prediction", "prior", "probability",
)  # fmt: skip


def confusion_matrix(predictions: Sequence[Mapping[str, Any]]) -> Any:
    """W&B's chart of how often each answer is taken for each other.

    Labels are those of truth and predictions, most frequent first; beyond `MOST_LABELS` they share one.

    Args:
        predictions: rows of predictions.jsonl.
    """
    import wandb

    pairs = Counter((row["answer"], row["prediction"]) for row in predictions)
    seen = Counter[str]()
    for (answer, prediction), count in pairs.items():
        seen[answer] += count
        seen[prediction] += count
    labels = [label for label, _ in seen.most_common(MOST_LABELS)]
    if len(seen) > len(labels):
        labels.append(OTHERS)
    place = {label: index for index, label in enumerate(labels)}
    truths, guesses = (
        [place.get(row[name], len(labels) - 1) for row in predictions] for name in ("answer", "prediction")
    )
    return wandb.plot.confusion_matrix(
        y_true=truths, preds=guesses, class_names=labels, title="test: answer and prediction"
    )


def predictions_table(predictions: Sequence[Mapping[str, Any]]) -> Any:
    """W&B's table of at most `MOST_PREDICTIONS` questions, wrong answers first, the surest of them on top.

    Args:
        predictions: rows of predictions.jsonl.
    """
    import wandb

    kept = sorted(predictions, key=_rank)[:MOST_PREDICTIONS]
    data = [[_is_right(row), *(row.get(name) for name in COLUMNS)] for row in kept]
    return wandb.Table(columns=["right", *COLUMNS], data=data)


def attention_figures(predictions: Sequence[Mapping[str, Any]], attention: Attention) -> list[Any]:
    """W&B's images of the attention over time behind the surest wrong answers, at most `MOST_FIGURES`.

    Args:
        predictions: rows of predictions.jsonl.
        attention: of the same questions.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    import wandb

    place = {row: index for index, row in enumerate(attention.row.tolist())}
    wrong = [row for row in sorted(predictions, key=_rank) if not _is_right(row)]
    figures = []
    for row in wrong[:MOST_FIGURES]:
        tracks = attention_over_time(attention, place[row["row"]])
        if tracks:
            figure = attention_figure(tracks, title=f"{row['video_id']}: {row['question']}")
            told = f"{row['prediction']} ({row['probability']:.0%}); right is {row['answer']}"
            figures.append(wandb.Image(figure, caption=told))
    return figures


def _rank(row: Mapping[str, Any]) -> tuple[bool, float, int]:
    return _is_right(row), -row["probability"], row["row"]


def _is_right(row: Mapping[str, Any]) -> bool:
    return bool(row["answer"] == row["prediction"])
