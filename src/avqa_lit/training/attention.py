"""Attention of a split's questions, gathered from all processes in annotation order."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float16
from torch import Tensor

from avqa_lit.artifacts.attention import Attention
from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.data.packed_modality import PackedModality
from avqa_lit.data.store import FeatureStore
from avqa_lit.training.gather import gathered

Part = tuple[np.ndarray, np.ndarray, np.ndarray]


class AttentionCollector:
    """Keeps each question's attention over the rows of its audio and of its video."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def update(self, output: ModelOutput, batch: Batch) -> None:
        """Add the questions of one batch."""
        kept = batch.weight > 0
        self._parts.append(
            (
                batch.row[kept].cpu().numpy(),
                _shares(output.audio_attention, batch.audio.mask[batch.video], kept),
                _shares(output.visual_attention, batch.visual.mask[batch.video], kept),
            )
        )

    def gathered(self, store: FeatureStore) -> Attention:
        """The attention of all questions; `store` tells the time of its columns."""
        rows, audio, visual = zip(*gathered(self._parts), strict=True)
        row = np.concatenate(rows)
        order = row.argsort()
        heard, seen = _stacked(audio)[order], _stacked(visual)[order]
        return Attention(
            row[order],
            heard,
            seen,
            _seconds(store.audio, heard.shape[1]),
            _seconds(store.visual, seen.shape[1]),
        )


def _shares(
    attention: Float[Tensor, "batch time"] | None,
    mask: Bool[Tensor, "batch time"],
    kept: Bool[Tensor, " batch"],
) -> Float16[np.ndarray, "question time"]:
    if attention is None:
        return np.zeros((int(kept.sum()), 0), np.float16)
    marked = attention.masked_fill(~mask, float("nan"))
    return marked[kept].half().cpu().numpy()


def _stacked(parts: Sequence[np.ndarray]) -> Float16[np.ndarray, "question time"]:
    """Parts of different lengths below each other; what a shorter one has not is NaN."""
    time = max(part.shape[1] for part in parts)
    return np.concatenate(
        [
            np.pad(part, ((0, 0), (0, time - part.shape[1])), constant_values=np.float16("nan"))
            for part in parts
        ]
    )


def _seconds(modality: PackedModality, time: int) -> np.ndarray:
    return (modality.start_seconds + np.arange(time) * modality.seconds_per_row).astype(np.float32)
