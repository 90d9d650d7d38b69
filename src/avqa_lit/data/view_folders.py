"""Further views of the videos in the official layout: `<raw>/<folder>/<encoder>/<video_id>.npy`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from avqa_lit.data.annotations import Question
from avqa_lit.data.feature_files import FeatureFolder
from avqa_lit.errors import DataError

SHOWN = 5


def view_folders(
    raw: Path, folders: Mapping[str, str], clean: Mapping[str, FeatureFolder]
) -> dict[str, dict[str, FeatureFolder]]:
    """Features of each view by modality, as far as the view has its own.

    Args:
        raw: folder of the data set.
        folders: folder of each view, relative to `raw`.
        clean: the clean features of each modality.

    Raises:
        DataError: a view of which no encoder has a folder.
    """
    views = {}
    for name, folder in folders.items():
        both = {
            modality: FeatureFolder(one.extraction, raw / folder / one.extraction.encoder)
            for modality, one in clean.items()
        }
        views[name] = {modality: one for modality, one in both.items() if one.path.is_dir()}
        if not views[name]:
            expected = " or ".join(str(one.path) for one in both.values())
            raise DataError(
                f"data.views.{name}={folder}: expected a folder {expected}, or both, found neither; put the "
                "features of this view there"
            )
    return views


def check_videos(
    views: Mapping[str, Mapping[str, FeatureFolder]], questions: Sequence[Question], *, may_lack: bool
) -> None:
    """Refuse a view that lacks features of a video, unless the clean ones may stand in for some.

    Raises:
        DataError: the first of the files that are missing.
    """
    ids = {
        "audio": dict.fromkeys(one.audio_id for one in questions),
        "visual": dict.fromkeys(one.video_id for one in questions),
    }
    for name, folders in views.items():
        lacking = [
            folder.where(identity)
            for modality, folder in folders.items()
            for identity in ids[modality]
            if identity not in folder
        ]
        expected = sum(len(ids[modality]) for modality in folders)
        if lacking and not (may_lack and len(lacking) < expected):
            remedy = ", or use the clean ones with data.missing=drop" if len(lacking) < expected else ""
            first = "".join(f"\n  {file}" for file in lacking[:SHOWN])
            raise DataError(
                f"data.views.{name}: {len(lacking)} of {expected} feature files are missing; "
                f"extract them{remedy}:{first}"
            )
