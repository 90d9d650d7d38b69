"""Exact scores of a split: metrics beside their prior, integer counts, predictions."""

from dataclasses import dataclass
from typing import Any

import lightning as L

from avqa_lit.categories import CATEGORY_NAMES
from avqa_lit.data.datamodule import AVQADataModule, Split
from avqa_lit.data.store import FeatureStore
from avqa_lit.metrics.accuracy import accuracies, count_correct
from avqa_lit.metrics.prior import fit_prior
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.predictions import PredictionCollector


@dataclass(frozen=True)
class SplitScores:
    """What a model makes of one split.

    Attributes:
        metrics: fractions by their full name, the question-only prior's among them.
        counts: right answers and questions of each category, by their full name.
        predictions: one object a question, in annotation order.
        unseen_answers: questions whose answer the model's vocabulary has not.
    """

    metrics: dict[str, float]
    counts: dict[str, dict[str, int]]
    predictions: list[dict[str, Any]]
    unseen_answers: int


def score(trainer: L.Trainer, module: AVQAModule, data: AVQADataModule, split: Split) -> SplitScores:
    """Run the model over a split once; call it on every process."""
    module.collector = PredictionCollector()
    loader = data.loader(split, shuffle=False, rank=trainer.global_rank, world_size=trainer.world_size)
    trainer.test(module, dataloaders=loader, verbose=False)
    collector, module.collector = module.collector, None
    prior = prior_answers(data.store, split)
    metrics = module.evaluated.metrics | prior_accuracies(data.store, split, prior)
    answer = data.label_of[data.store.splits[split].answer]
    return SplitScores(
        metrics={f"{split}/{name}": value for name, value in metrics.items()},
        counts={f"{split}/{name}": count for name, count in module.evaluated.counts.items()},
        predictions=_predictions(collector, data, split, prior),
        unseen_answers=int((answer >= len(data.answers)).sum()),
    )


def prior_answers(store: FeatureStore, split: Split) -> list[int]:
    """Label that the question-only prior, fitted on train, gives to each question of a split."""
    train, asked = store.splits["train"], store.splits[split]
    prior = fit_prior(
        train.text.tolist(), train.template.tolist(), train.category.tolist(), train.answer.tolist()
    )
    return prior.predict(asked.text.tolist(), asked.template.tolist(), asked.category.tolist())


def prior_accuracies(store: FeatureStore, split: Split, prior: list[int]) -> dict[str, float]:
    """Accuracies of the prior's answers to a split."""
    asked = store.splits[split]
    counts = count_correct(prior, asked.answer.tolist(), asked.category.tolist())
    return {f"prior/{name}": value for name, value in accuracies(counts).items()}


def _predictions(
    collector: PredictionCollector, data: AVQADataModule, split: Split, prior: list[int]
) -> list[dict[str, Any]]:
    table, store = data.store.splits[split], data.store
    rows, answers, probabilities = (one.tolist() for one in collector.gathered())
    if rows != table.row.tolist():
        raise RuntimeError(
            f"{split}: {len(rows)} predictions for {len(table)} questions, expected one for each"
        )
    return [
        {
            "row": row,
            "question_id": table.question_id[place],
            "video_id": table.video_id[place],
            "category": CATEGORY_NAMES[table.category[place]],
            "template": store.templates[table.template[place]],
            "question": store.texts[table.text[place]],
            "answer": store.labels[table.answer[place]],
            "prediction": data.labels[best[0]],
            "prior": store.labels[prior[place]],
            "probability": round(chances[0], 6),
            "top5": [[data.labels[one], round(chance, 6)] for one, chance in zip(best, chances, strict=True)],
        }
        for place, (row, best, chances) in enumerate(zip(rows, answers, probabilities, strict=True))
    ]
