"""A figure of the attention of one question over time."""

import textwrap
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.errors import ConfigError, MissingExtraError
from avqa_lit.metrics.attention_time import AttentionOverTime

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
COLORS = ("#b4540a", "#1f5fa8", "#24784a", "#83399b")
MUTED = "#5c5c5c"
LINE = 85  # characters that fit beside each other above the panels


def attention_figure(tracks: Mapping[str, AttentionOverTime], *, title: str) -> "Figure":
    """Percent of the attention a second, one panel a track, above one axis of seconds.

    Args:
        tracks: by name; at least one.
        title: above the panels.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("The figure", extra="report") from error
    with matplotlib.rc_context({"font.size": 10, "axes.edgecolor": MUTED}):
        figure = Figure(figsize=(7, 1.1 + 1.5 * len(tracks)), layout="constrained")
        panels = figure.subplots(len(tracks), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axes, (name, track), color in zip(panels, tracks.items(), cycle(COLORS), strict=False):
            percent = 100 * track.shares / (track.edges[1:] - track.edges[:-1])
            axes.stairs(percent, track.edges, fill=True, color=color, alpha=0.85)
            axes.set_ylabel(f"{name}\n% a second")
            axes.text(
                1.0, 1.0, f"{100 * track.total:.0f}% of the attention", transform=axes.transAxes, ha="right",
                va="bottom", color=MUTED,
            )  # fmt: skip
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_ylim(bottom=0)
        panels[-1].set_xlabel("seconds")
        lines = [wrapped for line in title.splitlines() for wrapped in textwrap.wrap(line, LINE)]
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11, parse_math=False)
    return figure


def figure_path(name: str) -> Path:
    """Path of a figure whose ending names a format.

    Raises:
        ConfigError: another ending.
    """
    path = Path(name).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"figure={name}: expected a name that ends in {', '.join(FORMATS)}")
    return path


def save_figure(figure: "Figure", path: Path) -> None:
    """Write the figure in the format of its ending, whole or not at all."""
    import matplotlib

    form = path.suffix.lower().removeprefix(".")
    # Equal figures make equal files.
    date = {"svg": "Date", "pdf": "CreationDate"}.get(form)
    with replacing(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "avqa_lit"}):
        figure.savefig(temporary, format=form, dpi=200, metadata={date: None} if date else None)
