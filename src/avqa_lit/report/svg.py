"""Matplotlib figures as SVG that lives in a page: text stays text, colours follow the page's theme."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from avqa_lit.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that stand for the page's; no figure draws with any other.
INK, MUTED, RULE, PAPER = "#000001", "#000002", "#000003", "#000004"
SERIES = ("#000011", "#000012", "#000013", "#000014", "#000015", "#000016")
MARKERS = ("o", "s", "^", "D", "v", "P")
VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper"} | {
    color: f"series-{number}" for number, color in enumerate(SERIES, start=1)
}
# The same on white paper, as the page's light theme has them; tests compare the two.
PAPER_COLORS = {
    INK: "#1b1d21",
    MUTED: "#595e67",
    RULE: "#d6d7d2",
    PAPER: "#ffffff",
    **dict(zip(SERIES, ("#1f5fa8", "#b9540b", "#24784a", "#83399b", "#836a00", "#b0264a"), strict=True)),
}
WIDTH, HEIGHT = 5.5, 3.7  # inches: 396 points wide, so that text is legible at the width of a telephone
PIXELS = 1.35  # of a point, in the page
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "avqa_lit",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.parse_math": False,  # a label may hold dollar signs
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 1.8,
    "figure.facecolor": "none",
}


@contextmanager
def drawing(
    *, title: str = "", x_label: str = "", y_label: str = "", width: float = WIDTH, height: float = HEIGHT
) -> Iterator[tuple["Figure", "Axes"]]:
    """An empty figure, and the page's style for as long as it is drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("The report", extra="report") from error
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, pad=10)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        yield figure, axes


def to_svg(figure: "Figure", *, name: str, description: str) -> str:
    """The figure's ``<svg>`` element.

    Artists with a gid of the form ``tip:TEXT`` get TEXT as their tooltip.

    Args:
        figure: drawn with the colours of this module.
        name: unique in the page; ids inside the figure begin with it.
        description: what a reader learns from the figure who does not see it.
    """
    import matplotlib

    target = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(target, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = target.getvalue()
    text = text[text.index("<svg") :]
    view = re.search(r'viewBox="0 0 ([\d.]+) [^"]*"', text)
    assert view is not None
    body = text[text.index(">") + 1 :].strip()
    body = re.sub(r'<g id="tip:([^"]*)">', r"<g><title>\1</title>", body)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r"#0000[01][1-6]", lambda match: f"var(--{VARIABLES[match.group()]})", body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    # Where a style leaves the width alone, the figure is as large as its smallest letters need.
    width = round(float(view[1]) * PIXELS)
    return f'<svg {view.group()} width="{width}" role="img" aria-label="{escape(description)}">\n{body}'
