"""One track of all videos, gathered whole."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, Shaped

from avqa_lit.batch import Modality, Track, TrackSpec
from avqa_lit.data.mapped_file import MappedFile


@dataclass(frozen=True)
class PackedTrack:
    """Rows of every video in one track, one after the other.

    The entries of the clean view come first, then those of each other view, in the same order of ids. An
    entry that a view does not have of its own starts at the rows of the clean one. An entry without features
    has the length 0.

    Attributes:
        modality: audio or visual.
        array: all rows, memory-mapped.
        ids: id of each entry of one view, a video or a sound.
        first_row: where each entry starts in `array`.
        length: number of rows of each entry.
        encoder: network that made the features.
        seconds_per_row: time from the start of one row to the start of the next.
        start_seconds: time at which the first row of an entry starts.
        device: where the rows are kept, such as "cuda"; None leaves them in their file.
    """

    modality: Modality
    array: Shaped[np.ndarray, "time *row"]
    ids: tuple[str, ...]
    first_row: Int64[np.ndarray, " entry"]
    length: Int64[np.ndarray, " entry"]
    encoder: str
    seconds_per_row: float
    start_seconds: float
    device: str | None = None

    @cached_property
    def _rows(self) -> torch.Tensor:
        with warnings.catch_warnings():  # about a write to what is read-only, which nobody does
            warnings.simplefilter("ignore", UserWarning)
            rows = torch.from_numpy(self.array)
        return rows if self.device is None else rows.to(self.device)

    @cached_property
    def _steps(self) -> Int64[torch.Tensor, " time"]:
        return torch.arange(int(self.length.max(initial=0)))

    @cached_property
    def _seconds(self) -> Float32[torch.Tensor, " time"]:
        return (self.start_seconds + self._steps.double() * self.seconds_per_row).float()

    @cached_property
    def _file(self) -> MappedFile:
        return MappedFile(self.array)

    @cached_property
    def _fetched(self) -> Bool[np.ndarray, " entry"]:
        return np.zeros(len(self.length), dtype=bool)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return self.array.shape[1:]

    @property
    def spec(self) -> TrackSpec:
        """What a model has to know of it."""
        return TrackSpec(self.modality, self.row_shape)

    @property
    def is_complete(self) -> bool:
        """Whether every id has features in the clean view, and in each view that has some of its own."""
        own = [len(self.ids_of_view(view)) for view in range(len(self.length) // len(self.ids))]
        return own[0] == len(self.ids) and all(number in (0, len(self.ids)) for number in own[1:])

    @property
    def has_features(self) -> Bool[np.ndarray, " entry"]:
        """Which entries of the clean view have any row."""
        return self.length[: len(self.ids)] > 0

    def ids_of_view(self, view: int) -> frozenset[str]:
        """Ids of which a view, by its number, has features of its own; 0 is the clean view."""
        firsts, lengths = (column.reshape(-1, len(self.ids)) for column in (self.first_row, self.length))
        own = lengths[view] > 0 if view == 0 else (firsts[view] != firsts[0]) & (lengths[view] > 0)
        return frozenset(compress(self.ids, own))

    def own_entries(self, view: int) -> int:
        """How many entries of a view, by its number, are its own and not the clean ones."""
        firsts = self.first_row.reshape(-1, len(self.ids))
        return int((firsts[view] != firsts[0]).sum())

    def gather(self, entries: Int64[np.ndarray, " video"]) -> Track:
        """The entries' features as stored, zero beyond an entry's length."""
        firsts, lengths = self.first_row[entries], self.length[entries]
        longest = int(lengths.max(initial=0))
        steps = self._steps[:longest]
        mask = steps < torch.from_numpy(lengths)[:, None]
        seconds = self._seconds[:longest].expand(mask.shape)
        places = torch.from_numpy(firsts)[:, None] + steps.where(mask, 0)
        values = indexed(self._rows, places, mask)
        if self.device is None and self._file.is_large:
            for first, length in zip(firsts.tolist(), lengths.tolist(), strict=True):
                self._file.release(first, length)
        return Track(values, mask, seconds)

    def read_ahead(self, entries: Int64[np.ndarray, " video"]) -> None:
        """Let the system fetch entries from disk that will be gathered soon."""
        if self.device is None:
            if not self._file.is_large:  # what was fetched once stays in memory
                entries = entries[~self._fetched[entries]]
                self._fetched[entries] = True
            for first, length in zip(
                self.first_row[entries].tolist(), self.length[entries].tolist(), strict=True
            ):
                self._file.want(first, length)


def indexed(
    rows: Float[torch.Tensor, "row *shape"],
    places: Int64[torch.Tensor, "video time"],
    mask: Bool[torch.Tensor, "video time"],
) -> Float[torch.Tensor, "video time *shape"]:
    """Rows at `places`, zero where masked, on the device of `rows`."""
    values = rows.index_select(0, places.flatten().to(rows.device)).view(*mask.shape, *rows.shape[1:])
    if mask.all():
        return values
    real = mask.to(rows.device)
    return values.masked_fill_(~real.reshape(*real.shape, *[1] * (values.dim() - 2)), 0)
