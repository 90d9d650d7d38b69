"""Rows of two tracks that belong together: a clip's two means, or two rows of one moment."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float, Int64
from torch import Tensor

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.losses.common_time import on_common_time
from avqa_lit.losses.gather import gather_rows
from avqa_lit.losses.tracks import compared_tracks, time_mean

Level = Literal["clip", "frame"]


@dataclass(frozen=True)
class AlignedRows:
    """Paired rows, in float32 at least, with what they weigh.

    Attributes:
        audio: side of each pair that the first track gives, by default audio.
        visual: side of each pair that the second track gives, by default visual.
        clip: identity of each pair's video, the same on every process.
        weight: questions about the video, shared evenly by its pairs; above 0.
    """

    audio: Float[Tensor, "row dim"]
    visual: Float[Tensor, "row dim"]
    clip: Int64[Tensor, " row"]
    weight: Float[Tensor, " row"]

    def of_all_processes(self) -> "AlignedRows":
        """The pairs of the whole step, with gradients; a video may come from several processes."""
        return AlignedRows(*map(gather_rows, (self.audio, self.visual, self.clip, self.weight)))


def aligned_rows(
    output: ModelOutput, batch: Batch, *, level: Level, between: tuple[str, str], term: str
) -> AlignedRows:
    """Pairs of the videos of this process.

    At level ``clip`` a video gives one pair, the means over each track's own time; at level ``frame`` one
    for each moment that its tracks share (`on_common_time`). A video without questions, without a row in
    one track or without a shared moment gives none.

    Raises:
        ConfigError: the model does not give the tokens of both tracks.
    """
    audio, visual = (track.in_full_precision() for track in compared_tracks(output, between, term=term))
    if level == "clip":
        first, second = time_mean(audio)[:, None], time_mean(visual)[:, None]
        real = (audio.mask.any(dim=1) & visual.mask.any(dim=1))[:, None]
    else:
        first, second, real = on_common_time(audio, visual)
    share = batch.questions_per_video() / real.sum(dim=1).clamp(min=1)
    weight = share[:, None] * real
    kept = weight > 0
    clip = batch.clip[:, None].expand_as(kept)
    return AlignedRows(first[kept], second[kept], clip[kept], weight[kept])
