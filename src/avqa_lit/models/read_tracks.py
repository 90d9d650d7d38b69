"""Names of the tracks that a model reads."""

from collections.abc import Sequence

from avqa_lit.errors import ConfigError


def check_tracks(tracks: Sequence[str]) -> tuple[str, ...]:
    """The names, each once.

    Raises:
        ConfigError: no name, or a name twice.
    """
    if not tracks or isinstance(tracks, str) or len(set(tracks)) != len(tracks):
        shown = tracks if isinstance(tracks, str) else list(tracks)
        raise ConfigError(
            f"model.tracks={shown}: expected names of tracks, each once, such as [audio,visual]"
        )
    return tuple(tracks)
