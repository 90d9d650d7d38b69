"""Every figure of a report, as it stands in the page and as files for a paper."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avqa_lit.artifacts.atomic import replacing
from avqa_lit.report.svg import PAPER_COLORS, STYLE, to_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf")
COLORED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


@dataclass
class Album:
    """Figures of one test set under their names.

    Attributes:
        prefix: tells the figures of one test set from those of another; empty where there is one.
    """

    prefix: str = ""
    figures: dict[str, "Figure"] = field(default_factory=dict)

    def svg(self, figure: "Figure", *, name: str, description: str) -> str:
        """The figure for the page; kept under its name.

        Args:
            figure: drawn with the colours of `avqa_lit.report.svg`.
            name: unique in the album; of its files.
            description: what a reader learns from it who does not see it.
        """
        name = re.sub(r"[^a-z0-9]+", "-", f"{self.prefix}{name}".lower()).strip("-")
        self.figures[name] = figure
        return to_svg(figure, name=name, description=description)


def write_figures(albums: Iterable[Album], folder: Path, *, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write each figure in each format, in the colours of the page's light theme."""
    import matplotlib

    paths = []
    for album in albums:
        for name, figure in album.figures.items():
            with matplotlib.rc_context({**STYLE, "pdf.fonttype": 42}):
                figure.draw_without_rendering()
                _colored(figure)
                for form in formats:
                    paths.append(folder / f"{name}.{form}")
                    with replacing(paths[-1]) as temporary:
                        figure.savefig(temporary, format=form, metadata=_undated(form))
    return paths


def _undated(form: str) -> dict[str, None]:
    return dict.fromkeys(("Creator", "Date") if form == "svg" else ("Creator", "CreationDate"))


def _colored(figure: "Figure") -> None:
    """Give every artist the colour that its placeholder stands for."""
    from matplotlib.colors import to_hex

    def real(color: Any) -> Any:
        if isinstance(color, str) or (hasattr(color, "__len__") and len(color) in (3, 4) and _flat(color)):
            return PAPER_COLORS.get(to_hex(color), color) if str(color) not in ("none", "auto") else color
        return [real(one) for one in color]

    for artist in figure.findobj():
        alpha = artist.get_alpha()
        for name in COLORED:
            getter, setter = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            if getter is not None and setter is not None:
                setter(real(getter()))
        artist.set_alpha(alpha)


def _flat(color: Any) -> bool:
    return all(isinstance(part, int | float) or getattr(part, "ndim", None) == 0 for part in color)
