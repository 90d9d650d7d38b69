"""The two tracks that an alignment term compares."""

from jaxtyping import Float
from torch import Tensor

from avqa_lit.batch import ModelOutput, Track
from avqa_lit.errors import ConfigError


def both_tracks(output: ModelOutput, *, term: str) -> tuple[Track, Track]:
    """Audio and visual tokens of a model that gives both.

    Raises:
        ConfigError: the model gives only one of them, or none.
    """
    if output.audio is None or output.visual is None:
        missing = "audio" if output.audio is None else "visual"
        raise ConfigError(
            f"loss.{term} compares audio with visual tokens, and this model gives no {missing} tokens: "
            f"set loss.{term}.weight=0 for this model, or choose one that hears and sees"
        )
    return output.audio, output.visual


def time_mean(track: Track) -> Float[Tensor, "video dim"]:
    """Mean of each video's real rows; zero where it has none."""
    real = track.mask[..., None]
    return track.values.masked_fill(~real, 0.0).sum(dim=1) / real.sum(dim=1).clamp(min=1)
