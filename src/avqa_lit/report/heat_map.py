"""A grid of numbers whose cells are the darker, the more they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from avqa_lit.console import visible
from avqa_lit.report.svg import INK, SERIES, WIDTH, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARKEST = 0.5  # so that the number on it stays legible in either theme
LIGHTEST = 0.02
MOST_LARGE = 26  # columns
LETTER = 0.075  # inches
MOST_LETTERS = 48  # of all columns' names side by side


@dataclass(frozen=True)
class HeatMap:
    """What is drawn.

    Attributes:
        shades: for each row its columns' shades from -1 to 1, of which negative ones have a colour of their
            own; None leaves the cell empty.
        texts: what stands in the cells.
        outlined: cells by row and column that get a frame.
    """

    title: str
    row_names: Sequence[str]
    column_names: Sequence[str]
    shades: Sequence[Sequence[float | None]]
    texts: Sequence[Sequence[str]]
    row_label: str = ""
    column_label: str = ""
    outlined: Sequence[tuple[int, int]] = ()

    @property
    def is_wide(self) -> bool:
        """Whether it is too wide to be read on a telephone without scrolling."""
        return len(self.column_names) > 12


def heat_map_figure(grid: HeatMap) -> "Figure":
    """The drawing; wide grids have small cells and no room for decimals."""
    rows, columns = len(grid.row_names), len(grid.column_names)
    side, size = (0.4, 9.0) if not grid.is_wide else (0.3, 8.0) if columns <= MOST_LARGE else (0.24, 6.5)
    slant = _slant(grid)
    below = LETTER * max(map(len, grid.column_names)) if slant else 0.2
    beside = LETTER * max(map(len, grid.row_names)) + 0.6
    with drawing(
        title=grid.title,
        x_label=grid.column_label,
        y_label=grid.row_label,
        width=max(WIDTH, beside + side * columns) if grid.is_wide else WIDTH,
        height=0.9 + below + side * rows,
    ) as (figure, axes):
        _fill(axes, grid, size)
        alignment: Any = {0: {}, 45: {"ha": "right", "rotation_mode": "anchor"}, 90: {"ha": "center"}}[slant]
        names = list(map(visible, grid.column_names))
        axes.set_xticks(range(columns), names, fontsize=size, color=INK, rotation=slant, **alignment)
        axes.set_yticks(range(rows), list(map(visible, grid.row_names)), fontsize=size, color=INK)
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure


def _slant(grid: HeatMap) -> int:
    """Degrees by which the columns' names turn so that they have room."""
    if grid.is_wide:
        return 90
    return 45 if sum(map(len, grid.column_names)) > MOST_LETTERS else 0


def _fill(axes: "Axes", grid: HeatMap, size: float) -> None:
    from matplotlib.patches import Rectangle

    for row, (shades, texts) in enumerate(zip(grid.shades, grid.texts, strict=True)):
        for column, (shade, text) in enumerate(zip(shades, texts, strict=True)):
            if shade is None:
                continue
            look: Any = {"facecolor": SERIES[shade < 0], "edgecolor": "none"}
            alpha = max(LIGHTEST, DARKEST * min(1.0, abs(shade)))
            axes.add_patch(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, alpha=alpha, **look))
            if text:
                axes.text(column, row, text, ha="center", va="center", fontsize=size, color=INK)
    for row, column in grid.outlined:
        frame: Any = {"facecolor": "none", "edgecolor": INK, "linewidth": 1.5}
        axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, **frame))
