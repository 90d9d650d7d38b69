"""Attention of a split's questions, gathered from all processes in annotation order."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Float16
from torch import Tensor

from avqa_lit.artifacts.attention import Attention, TrackAttention
from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.data.packed_track import PackedTrack
from avqa_lit.data.store import FeatureStore
from avqa_lit.training.gather import gathered

Part = tuple[np.ndarray, Mapping[str, np.ndarray]]


class AttentionCollector:
    """Keeps each question's attention over the rows of each track."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def update(self, output: ModelOutput, batch: Batch) -> None:
        """Add the questions of one batch."""
        kept = batch.weight > 0
        self._parts.append(
            (
                batch.row[kept].cpu().numpy(),
                {
                    name: _shares(attention, batch.tracks[name].mask[batch.video], kept)
                    for name, attention in output.attention.items()
                },
            )
        )

    def gathered(self, store: FeatureStore) -> Attention:
        """The attention of all questions; `store` tells the time of its columns."""
        rows, parts = zip(*gathered(self._parts), strict=True)
        row = np.concatenate(rows)
        order = row.argsort()
        shares = {name: _stacked([part[name] for part in parts])[order] for name in parts[0]}
        return Attention(
            row[order],
            {
                name: TrackAttention(columns, _seconds(store.tracks[name], columns.shape[1]))
                for name, columns in shares.items()
            },
        )


def _shares(
    attention: Float[Tensor, "batch time"],
    mask: Bool[Tensor, "batch time"],
    kept: Bool[Tensor, " batch"],
) -> Float16[np.ndarray, "question time"]:
    marked = attention.masked_fill(~mask, float("nan"))
    return marked[kept].half().cpu().numpy()


def _stacked(parts: Sequence[np.ndarray]) -> Float16[np.ndarray, "question time"]:
    """Parts of different lengths below each other; NaN beyond the end of a shorter part."""
    time = max(part.shape[1] for part in parts)
    return np.concatenate(
        [
            np.pad(part, ((0, 0), (0, time - part.shape[1])), constant_values=np.float16("nan"))
            for part in parts
        ]
    )


def _seconds(track: PackedTrack, time: int) -> np.ndarray:
    return (track.start_seconds + np.arange(time) * track.seconds_per_row).astype(np.float32)
