"""Where scores come from, and which settings tell them from others."""

from pathlib import Path
from typing import Any

from avqa_lit.artifacts.differences import flat_settings
from avqa_lit.artifacts.run_folder import Run
from avqa_lit.report.wording import place

TRAINING = "training"
CHECKPOINT = "checkpoint"  # scored again, perhaps with one modality blanked
GIVEN = "given answers"  # of another program

STORE_CHECKSUM = "store checksum"  # stands among the settings: other features make another experiment
OF_EVALUATION = ("checkpoint", "split", "drop", "predictions")
# The checksum tells data apart; the folders that they are read from do not.
VIEW, CLEAN = "data.view", "clean"
FOLDERS = ("data.raw", "data.store", "data.export")


def origin(run: Run) -> str:
    """One of the three, as results.json tells it."""
    if run.results.predictions is not None:
        return GIVEN
    return CHECKPOINT if run.results.checkpoint else TRAINING


def settings_of(run: Run) -> dict[str, Any]:
    """What tells the run from others, by dotted key.

    For given answers that is their file. For a checkpoint it is the config that it was trained with and what
    was changed for scoring it; where a scoring left no config, the checkpoint's file stands for it.
    """
    given, checksum = run.results.predictions, run.results.data.checksum
    if given is not None:
        return {
            "answers": given.name or Path(given.file).name,
            "sha256": given.sha256,
            STORE_CHECKSUM: checksum,
        }
    trained = {name: node for name, node in run.config.items() if name not in OF_EVALUATION}
    flat = flat_settings(trained) | {STORE_CHECKSUM: checksum}
    settings = {key: value for key, value in flat.items() if key not in FOLDERS}
    if settings.get(VIEW) == CLEAN:
        del settings[VIEW]
    if run.results.checkpoint:
        path = Path(run.results.checkpoint)
        if not trained:
            settings["checkpoint"] = place(path)
        elif path.stem != "best":
            settings["checkpoint"] = path.stem
        if run.results.drop:
            settings["drop"] = run.results.drop
    return settings
