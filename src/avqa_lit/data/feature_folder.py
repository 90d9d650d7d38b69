"""Features of a track that lie in files."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from avqa_lit.data.array_formats import Header
from avqa_lit.data.array_layout import in_rows, rows_shape
from avqa_lit.data.feature_files import Extraction, check_shape
from avqa_lit.data.named_arrays import NamedArrays, suggested
from avqa_lit.errors import DataError

VIDEO = "video_id"


@dataclass(frozen=True)
class FeatureFolder:
    """A track whose features lie in files of one folder, as its extraction says.

    Attributes:
        extraction: how they were made, and how the files and arrays are named.
        path: folder of the files.
        key: config key of the track, for messages.
    """

    extraction: Extraction
    path: Path
    key: str = "data.TRACK"

    @cached_property
    def arrays(self) -> NamedArrays:
        """The arrays by the id of their video.

        Raises:
            ConfigError: a pattern that names none.
        """
        return NamedArrays(self.path, self.extraction.files, self.extraction.array, (VIDEO,), self.key)

    def ids(self) -> frozenset[str]:
        """Ids that have features."""
        return self.arrays.ids()

    def entries(self) -> list[os.DirEntry[str]]:
        """Feature files in the folder."""
        return self.arrays.entries()

    def __contains__(self, identity: str) -> bool:
        """Whether there are features of a video."""
        return {VIDEO: identity} in self.arrays

    def where(self, identity: str) -> str:
        """Path of the file, and where it leads if it is a link to nothing."""
        return self.arrays.where({VIDEO: identity})

    def suggested(self, identities: Collection[str]) -> str:
        """What the folder holds, and the setting that would read it."""
        return suggested(self.path, identities, placeholder=VIDEO, key=self.key)

    def shape(self, identity: str) -> tuple[int, ...]:
        """Shape that the file states, rows first.

        Raises:
            DataError: no such file or array, numbers that are not floating-point, or a shape that is not a
                feature's.
        """
        return self._rows_shape(self.arrays.header({VIDEO: identity}), identity)

    def read(self, identity: str) -> Float[np.ndarray, "time *row"]:
        """Values of the file in their own precision, rows first.

        Raises:
            DataError: whatever `shape` refuses.
        """
        values = self.arrays.read({VIDEO: identity})
        self._rows_shape(Header(values.shape, values.dtype), identity)
        return in_rows(values, self.extraction.layout)

    def _rows_shape(self, header: Header, identity: str) -> tuple[int, ...]:
        where = self.where(identity)
        if header.dtype.kind != "f":
            raise DataError(
                f"{where}: expected floating-point numbers, found {header.dtype}; save it as float32"
            )
        shape = rows_shape(header.shape, self.extraction.layout, where=where)
        check_shape(shape, where=where)
        return shape
