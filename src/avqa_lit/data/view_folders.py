"""Folders of features in the official layout, one a view: `<raw>/<folder>/<encoder>/<video_id>.npy`."""

from collections.abc import Collection, Mapping
from pathlib import Path

from avqa_lit.data.feature_files import Extraction, track_key
from avqa_lit.data.feature_folder import FeatureFolder
from avqa_lit.errors import DataError


def clean_folders(
    features: Path, extractions: Mapping[str, Extraction], *, wanted: Collection[str]
) -> dict[str, FeatureFolder]:
    """Folder of each track that has one.

    Args:
        features: folder of the encoders' folders.
        extractions: how the features of each track were made.
        wanted: names of the tracks that must have a folder.

    Raises:
        DataError: a wanted track without a folder.
    """
    folders = {
        name: FeatureFolder(
            extraction,
            features / (extraction.folder or extraction.encoder),
            key=track_key(name),
        )
        for name, extraction in extractions.items()
    }
    for name in wanted:
        path, key = folders[name].path, folders[name].key
        if not path.is_dir():
            there = sorted(entry.name for entry in features.glob("*/"))
            raise DataError(
                f"{path}: no folder of {name} features; encoders there: {', '.join(there) or 'none'}; choose "
                f"with {key}.encoder=NAME, or with {key}.folder=NAME where the folder has another name"
            )
    return {name: folder for name, folder in folders.items() if folder.path.is_dir()}


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
            track: FeatureFolder(
                of_clean.extraction,
                raw / folder / (of_clean.extraction.folder or of_clean.extraction.encoder),
                key=of_clean.key,
            )
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
