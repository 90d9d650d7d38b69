"""Exact scores of a split: metrics beside their prior, integer counts, predictions."""

from dataclasses import replace

import lightning as L
import numpy as np
from jaxtyping import Int64
from torch import Tensor

from avqa_lit.artifacts.predictions import Prediction, prediction_row
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

    A trainer with `limit_test_batches` sees a part of the questions, and the scores are of that part.
    """
    collector, looks = PredictionCollector(), AttentionCollector()
    module.collectors = (collector, looks) if attention else (collector,)
    loader = data.loader(split, shuffle=False, rank=trainer.global_rank, world_size=trainer.world_size)
    trainer.test(module, dataloaders=loader, verbose=False)
    module.collectors = ()
    predicted = collector.gathered()
    places = _places(predicted[0], data, split, whole=isinstance(trainer.limit_test_batches, float))
    asked = annotated_in_store(data.store, split)
    prior = split_prior(replace(asked, asked=[asked.asked[place] for place in places]))
    metrics = module.evaluated.metrics | prior.accuracies
    answer = data.label_of[data.store.splits[split].answer[places]]
    return SplitScores(
        metrics={f"{split}/{name}": value for name, value in metrics.items()},
        counts={f"{split}/{name}": count for name, count in module.evaluated.counts.items()},
        predictions=_predictions(predicted, places, data, split, prior),
        unseen_answers=int((answer >= len(data.answers)).sum()),
        taxonomy=data.store.taxonomy,
        no_prior=prior.absent,
        attention=looks.gathered(data.store) if attention else None,
    )


def _places(
    rows: Int64[Tensor, " question"], data: AVQADataModule, split: Split, *, whole: bool
) -> Int64[np.ndarray, " question"]:
    """Places in the split of the questions that were predicted, which are all of them if it is `whole`."""
    known = data.store.splits[split].row
    if whole and rows.tolist() != known.tolist():
        raise RuntimeError(
            f"{split}: {len(rows)} predictions for {len(known)} questions, expected one for each"
        )
    return np.searchsorted(known, rows.numpy())


def _predictions(
    predicted: tuple[Tensor, Tensor, Tensor],
    places: Int64[np.ndarray, " question"],
    data: AVQADataModule,
    split: Split,
    prior: SplitPrior,
) -> list[Prediction]:
    table, store = data.store.splits[split], data.store
    return [
        prediction_row(
            row=row,
            question_id=table.question_id[place],
            video_id=table.video_id[place],
            category=store.taxonomy.names[table.category[place]],
            template=store.templates[table.template[place]],
            question=store.texts[table.text[place]],
            answer=store.labels[table.answer[place]],
            prediction=data.labels[best[0]],
            prior=None if prior.answers is None else prior.answers[number],
            probability=round(chances[0], 6),
            top5=[
                (data.labels[answer], round(chance, 6)) for answer, chance in zip(best, chances, strict=True)
            ],
        )
        for number, (place, row, best, chances) in enumerate(
            zip(places.tolist(), *(column.tolist() for column in predicted), strict=True)
        )
    ]
