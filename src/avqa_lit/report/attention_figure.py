"""Where a model looked and listened, drawn over the seconds of the clip."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

from avqa_lit.metrics.attention_time import AttentionOverTime
from avqa_lit.report.svg import SERIES, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {"audio": "Sound", "visual": "Picture"}
STYLES: tuple[Any, ...] = ("-", (0, (4, 1)), (0, (1, 1)), (0, (6, 1, 1, 1)))


def track_name(name: str) -> str:
    """What to call a track: the two that every data set has by what they are, further ones by their names."""
    return NAMES.get(name, name.replace("_", " ").capitalize())


def attention_figure(looks: dict[str, AttentionOverTime]) -> "Figure":
    """Percent of the attention a second: rows of a track may be of any length, areas stay shares."""
    with drawing(x_label="seconds", y_label="% a second", height=1.7) as (figure, axes):
        for (name, look), color, style in zip(looks.items(), cycle(SERIES), cycle(STYLES), strict=False):
            rates = 100 * look.shares / (look.edges[1:] - look.edges[:-1])
            label = f"{track_name(name)}, {100 * look.total:.0f}% in all"
            axes.stairs(
                rates, look.edges, baseline=None, color=color, linewidth=1.5, label=label, linestyle=style
            )
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=3)
        axes.margins(x=0.01)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)
    return figure


def in_words(looks: dict[str, AttentionOverTime]) -> str:
    """The same in a sentence."""
    parts = []
    for name, look in looks.items():
        low, high = look.peak
        share = f"{100 * look.total:.0f}%"
        parts.append(
            f"{track_name(name).lower()} {share} of the attention, most from {low:.3g} to {high:.3g} seconds"
        )
    return "; ".join(parts)
