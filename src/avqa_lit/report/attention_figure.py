"""Where a model looked and listened, drawn over the seconds of the clip."""

from typing import TYPE_CHECKING

import numpy as np

from avqa_lit.report.mistakes import Look
from avqa_lit.report.svg import SERIES, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"audio": "Sound", "visual": "Picture"}


def attention_figure(looks: dict[str, Look]) -> "Figure":
    """A step for each row of features, as wide as its time and as high as its share."""
    with drawing(x_label="seconds", y_label="attention, %", height=1.7) as (figure, axes):
        for color, (name, look) in zip(SERIES, looks.items(), strict=False):
            edges, shares = np.append(look.starts, look.ends[-1]), np.append(look.shares, look.shares[-1])
            axes.plot(
                edges,
                shares,
                drawstyle="steps-post",
                color=color,
                linewidth=1.5,
                linestyle="-" if name == "audio" else (0, (4, 1)),
                label=f"{NAMES[name]}, {look.total:.0f}% in all",
            )
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=3)
        axes.margins(x=0.01)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
    return figure


def in_words(looks: dict[str, Look]) -> str:
    """The same in a sentence."""
    parts = []
    for name, look in looks.items():
        low, high = look.peak
        parts.append(
            f"{NAMES[name].lower()} {look.total:.0f}% of the attention, most from {low:g} to {high:g} seconds"
        )
    return "; ".join(parts)
