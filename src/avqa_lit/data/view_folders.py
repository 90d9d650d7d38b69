"""Further views of the videos in the official layout: `<raw>/<folder>/<encoder>/<video_id>.npy`."""

from collections.abc import Mapping
from pathlib import Path

from avqa_lit.data.feature_files import FeatureFolder
from avqa_lit.errors import DataError


def view_folders(
    raw: Path, folders: Mapping[str, str], clean: Mapping[str, FeatureFolder]
) -> dict[str, dict[str, FeatureFolder]]:
    """Features of each view by track, as far as the view has its own.

    Args:
        raw: folder of the data set.
        folders: folder of each view, relative to `raw`.
        clean: the clean features of each track.

    Raises:
        DataError: a view without a folder of any encoder.
    """
    views = {}
    for name, folder in folders.items():
        possible = {
            track: FeatureFolder(of_clean.extraction, raw / folder / of_clean.extraction.encoder)
            for track, of_clean in clean.items()
        }
        views[name] = {track: of_view for track, of_view in possible.items() if of_view.path.is_dir()}
        if not views[name]:
            expected = " or ".join(str(of_view.path) for of_view in possible.values())
            raise DataError(
                f"data.views.{name}={folder}: expected a folder {expected}, or several of them, found none; "
                "put the features of this view there"
            )
    return views
