"""Refuses features whose axes or times were almost surely misread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Int64

from avqa_lit.data.feature_files import track_key
from avqa_lit.data.store import FeatureStore
from avqa_lit.errors import DataError

# Spans of two tracks of a video may differ by this factor.
MOST_APART = 1.2
KEEP = "or keep them as they are with data.implausible=accept"


@dataclass(frozen=True, kw_only=True)
class TrackRows:
    """How many rows the clips of a data set have in one track.

    Attributes:
        key: config key of the track.
        encoder: network that made it.
        row_shape: shape of one row.
        rows: number of packed rows of each clip; 0 where it has no features.
        seconds_per_row: time from the start of one packed row to the start of the next.
        stride: of so many rows of a file one is packed.
    """

    key: str
    encoder: str
    row_shape: tuple[int, ...]
    rows: Int64[np.ndarray, " clip"]
    seconds_per_row: float
    stride: int = 1

    def told(self, rows: int) -> str:
        """The track with its median number of rows, for a message."""
        span = rows * self.seconds_per_row
        return f"{self.key} ({self.encoder}) covers {span:.4g} s: {rows} rows of {self.seconds_per_row:.4g} s"


def rows_of_clips(store: FeatureStore, strides: Mapping[str, int]) -> list[TrackRows]:
    """How many rows each clip of a store has in each track, which was packed with this stride."""
    return [
        TrackRows(
            key=track_key(name),
            encoder=track.encoder,
            row_shape=track.row_shape,
            rows=track.length[store.clip_entry[track.modality]],
            seconds_per_row=track.seconds_per_row,
            stride=strides[name],
        )
        for name, track in store.tracks.items()
    ]


def check_tracks(tracks: Sequence[TrackRows]) -> None:
    """Refuse maps whose features stand last, and tracks that cannot show the same videos.

    The spans of two tracks are compared in the median over the clips that have both. A difference of one row
    is accepted, since extractors leave out a last window that is not full.

    Raises:
        DataError: the tracks, what was found, and the setting that would read them.
    """
    for first, second in combinations(tracks, 2):
        _check_spans(first, second)
    for track in tracks:
        _check_map(track)


def _check_map(track: TrackRows) -> None:
    """Refuse maps of shape [rows, height, width, features], which we would read as [rows, features, ...]."""
    if len(track.row_shape) != 3:
        return
    first, second, last = track.row_shape
    if second != last and (first == second or last >= 4 * max(first, second)):
        raise DataError(
            f"{track.key} ({track.encoder}): rows of shape {list(track.row_shape)} would be {first} features "
            f"of {second} x {last} places, and look like {last} features of {first} x {second} places: set "
            f"{track.key}.layout=THWC, {KEEP}"
        )


def _check_spans(first: TrackRows, second: TrackRows) -> None:
    both = (first.rows > 0) & (second.rows > 0)
    if not both.any():
        return
    rows = {track.key: int(np.median(track.rows[both])) for track in (first, second)}
    spans = [rows[track.key] * track.seconds_per_row for track in (first, second)]
    longest_row = max(first.seconds_per_row, second.seconds_per_row)
    if max(spans) <= max(MOST_APART * min(spans), min(spans) + longest_row):
        return
    turned = [
        (apart, track, other, span)
        for track, other, span in ((first, second, spans[1]), (second, first, spans[0]))
        if (apart := _apart_if_turned(track, track.rows[both], span)) <= MOST_APART
    ]
    if turned:
        _, track, other, span = min(turned, key=lambda found: found[0])
        raise _turned(track, int(track.rows[both][0]), other=other, span=span)
    remedies = " or ".join(
        f"{track.key}.seconds_per_row={span / rows[track.key] / track.stride:.4g}"
        for track, span in zip((first, second), reversed(spans), strict=True)
    )
    raise DataError(
        f"{first.told(rows[first.key])}, and {second.told(rows[second.key])}, "
        f"though both are of the same videos (medians of {int(both.sum()):,}): "
        f"set {remedies}, whichever is wrong, {KEEP}"
    )


def _apart_if_turned(track: TrackRows, rows: Int64[np.ndarray, " clip"], span: float) -> float:
    """By which factor the track would differ from `span` if its second axis were time.

    That is infinity where its first axis changes from video to video, as time does.
    """
    if track.stride > 1 or len(np.unique(rows)) > 1:
        return np.inf
    found = track.row_shape[0] * track.seconds_per_row
    return max(found, span) / min(found, span)


def _turned(track: TrackRows, rows: int, *, other: TrackRows, span: float) -> DataError:
    """What to say of a track whose second axis is time."""
    shape = [rows, *track.row_shape]
    layouts = {2: "CT", 3: "PTC", 4: "CTHW"} if rows > 1 else {2: "CT", 3: "1TC", 4: "1TPC"}
    return DataError(
        f"{track.key} ({track.encoder}): files of shape {shape} would be {rows} rows, and the {shape[1]} of "
        f"their second axis fit the {span:.4g} s of {other.key} ({other.encoder}): "
        f"time is not their first axis; set {track.key}.layout={layouts[len(shape)]}, {KEEP}"
    )
