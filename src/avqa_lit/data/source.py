"""Where data come from."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from avqa_lit.batch import Modality
from avqa_lit.data.annotated import Annotated
from avqa_lit.data.store import FeatureStore


class DataSource(Protocol):
    """Annotations and features of a data set; the class that a config's `data` names.

    A source says what there is. How it is served (batch size, grouping, share, device, views, perturbation)
    is the loader's matter, for every source alike (`avqa_lit.data.serving.Serving`).
    """

    @property
    def track_modalities(self) -> Mapping[str, Modality]:
        """Modality of each track on offer, by the track's name; no data are read for this."""

    def prepare(
        self, *, tracks: Collection[str] | None = None, cache: Path, progress: bool = True
    ) -> FeatureStore:
        """An up-to-date store with these tracks; `avqa_lit.data.build.build_store` makes one once.

        Args:
            tracks: names of tracks that the source offers; None for all. A track that is not named may be
                missing from the store, and from the disk.
            cache: folder in which a source without a folder of its own may keep its store.
            progress: show a bar where the output is a terminal.

        Raises:
            DataError: what is missing or wrong in the data, and what to do about it.
        """

    def annotated(self, split: str, *, cache: Path) -> Annotated:
        """Questions of a split beside those of train, which is all that scoring needs.

        Args:
            split: train, val or test.
            cache: as in `prepare`.

        Raises:
            DataError: no such split, or annotations that cannot be read.
        """
