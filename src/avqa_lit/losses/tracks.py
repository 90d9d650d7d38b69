"""The two tracks that an alignment term compares."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from avqa_lit.batch import ModelOutput, Track
from avqa_lit.errors import ConfigError

AUDIO_AND_VISUAL = ("audio", "visual")


def check_between(term: str, between: Sequence[str]) -> tuple[str, str]:
    """Names of the two tracks that a term compares.

    Raises:
        ConfigError: anything but two names.
    """
    if isinstance(between, str) or len(between) != 2 or between[0] == between[1]:
        shown = between if isinstance(between, str) else list(between)
        raise ConfigError(f"loss.{term}.between={shown}: expected two tracks, such as [audio,visual]")
    first, second = between
    return first, second


def compared_tracks(output: ModelOutput, between: tuple[str, str], *, term: str) -> tuple[Track, Track]:
    """Tokens of the two tracks.

    Raises:
        ConfigError: the model does not give one of them.
    """
    for name in between:
        if name not in output.tokens:
            raise ConfigError(
                f"loss.{term} compares the tokens of {between[0]} and {between[1]}, and this model gives "
                f"none of {name}: set loss.{term}.weight=0 for this model, or choose a model that reads both"
            )
    return output.tokens[between[0]], output.tokens[between[1]]


def time_mean(track: Track) -> Float[Tensor, "video dim"]:
    """Mean of each video's real rows; zero where it has none."""
    real = track.mask[..., None]
    return track.values.masked_fill(~real, 0.0).sum(dim=1) / real.sum(dim=1).clamp(min=1)
