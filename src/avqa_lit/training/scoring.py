"""Exact scores of a split: metrics beside their prior, integer counts, predictions."""

from typing import Any

import lightning as L

from avqa_lit.categories import CATEGORY_NAMES
from avqa_lit.data.annotated import annotated_in_store
from avqa_lit.data.datamodule import AVQADataModule, Split
from avqa_lit.metrics.split_prior import SplitPrior, split_prior
from avqa_lit.metrics.split_scores import SplitScores
from avqa_lit.training.attention import AttentionCollector
from avqa_lit.training.module import AVQAModule
from avqa_lit.training.predictions import PredictionCollector


def score(
    trainer: L.Trainer, module: AVQAModule, data: AVQADataModule, split: Split, *, attention: bool = False
) -> SplitScores:
    """Run the model over a split once; call it on every process.

    Args:
        trainer: runs the model.
        module: holds the model.
        data: holds the split.
        split: the split to run over.
        attention: keep where the model looked and listened.
    """
    collector, looks = PredictionCollector(), AttentionCollector()
    module.collectors = (collector, looks) if attention else (collector,)
    loader = data.loader(split, shuffle=False, rank=trainer.global_rank, world_size=trainer.world_size)
    trainer.test(module, dataloaders=loader, verbose=False)
    module.collectors = ()
    prior = split_prior(annotated_in_store(data.store, split))
    metrics = module.evaluated.metrics | prior.accuracies
    answer = data.label_of[data.store.splits[split].answer]
    return SplitScores(
        metrics={f"{split}/{name}": value for name, value in metrics.items()},
        counts={f"{split}/{name}": count for name, count in module.evaluated.counts.items()},
        predictions=_predictions(collector, data, split, prior),
        unseen_answers=int((answer >= len(data.answers)).sum()),
        no_prior=prior.absent,
        attention=looks.gathered(data.store) if attention else None,
    )


def _predictions(
    collector: PredictionCollector, data: AVQADataModule, split: Split, prior: SplitPrior
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
            **({} if prior.answers is None else {"prior": prior.answers[place]}),
            "probability": round(chances[0], 6),
            "top5": [[data.labels[one], round(chance, 6)] for one, chance in zip(best, chances, strict=True)],
        }
        for place, (row, best, chances) in enumerate(zip(rows, answers, probabilities, strict=True))
    ]
