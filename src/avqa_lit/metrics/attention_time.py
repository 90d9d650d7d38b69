"""Attention of one question over time, in seconds: numbers, and a line of text."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from avqa_lit.artifacts.attention import Attention

BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class AttentionOverTime:
    """Attention on the rows of one track of one video.

    Attributes:
        shares: share of all attention that each row gets.
        edges: start of each row, and the end of the last, in seconds.
    """

    shares: Float[np.ndarray, " time"]
    edges: Float[np.ndarray, " edge"]

    @property
    def total(self) -> float:
        """Share of all attention."""
        return float(self.shares.sum())

    @property
    def peak(self) -> tuple[float, float]:
        """Start and end of the row with the largest share, in seconds."""
        place = int(self.shares.argmax())
        return float(self.edges[place]), float(self.edges[place + 1])

    def between(self, edges: Float[np.ndarray, " edge"]) -> Float[np.ndarray, " bin"]:
        """Share between neighbouring `edges`, where each row's share is spread evenly over its time."""
        return np.diff(np.interp(edges, self.edges, np.concatenate([[0.0], self.shares.cumsum()])))


def attention_over_time(attention: Attention, place: int) -> dict[str, AttentionOverTime]:
    """Attention of the question at `place` by track, without tracks that have no row.

    A row lasts until the next one starts; a single row, of which no next one tells, one second.

    Args:
        attention: of a split.
        place: place of the question in its arrays.
    """
    found = {}
    for name, track in attention.tracks.items():
        shares, seconds = track.shares[place], track.seconds
        length = int((~np.isnan(shares)).sum())
        if length:
            step = float(seconds[1] - seconds[0]) if len(seconds) > 1 else 1.0
            edges = np.append(seconds[:length], seconds[length - 1] + step)
            found[name] = AttentionOverTime(shares[:length].astype(np.float64), edges.astype(np.float64))
    return found


def attention_lines(tracks: dict[str, AttentionOverTime], *, width: int) -> list[str]:
    """One line of bars for each track, all over the same seconds, scaled to the largest bar of the line.

    Args:
        tracks: by name.
        width: most bars a line.
    """
    if not tracks:
        return []
    begin = min(track.edges[0] for track in tracks.values())
    end = max(track.edges[-1] for track in tracks.values())
    shortest_row = min(np.diff(track.edges).min() for track in tracks.values())
    bars = max(1, min(width, round((end - begin) / shortest_row)))
    edges = np.linspace(begin, end, bars + 1)
    name_width = max(map(len, tracks))
    lines = []
    for name, track in tracks.items():
        heights = track.between(edges)
        scaled = heights / max(heights.max(), np.finfo(float).tiny)
        drawn = "".join(BARS[min(int(one * len(BARS)), len(BARS) - 1)] for one in scaled)
        first, last = track.peak
        lines.append(
            f"{name:<{name_width}}  {drawn}  {100 * track.total:.0f}% of the attention, most at "
            f"{first:.1f} to {last:.1f} s"
        )
    return [*lines, f"{'':<{name_width}}  from {begin:.1f} to {end:.1f} s"]
